//! Weights of a plan: their names in a checkpoint, and what holding them takes.

use std::collections::BTreeSet;

use cranelift_entity::PrimaryMap;
use serde::{Deserialize, Serialize};

use super::id::{LoopId, ParamId};
use crate::ir::layer_name;

/// A weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanParam {
    /// Checkpoint name; `{}` stands for a layer's number.
    pub name: String,
    /// Extents.
    pub shape: Vec<u64>,
    /// The loops over layers around it, outermost first, with their counts.
    pub layers: Vec<(LoopId, u64)>,
    /// Whether it is streamed: each layer's tensor is copied to a buffer of the arena before the layer runs.
    pub streamed: bool,
}

impl PlanParam {
    /// The checkpoint name of the tensor that each layer reads, the innermost layer fastest. Turns of a loop that has
    /// no place in the name read the same one.
    pub fn names(&self) -> Vec<String> {
        let layers: u64 = self.layers.iter().map(|(_, count)| count).product();
        let name = |flat: u64| {
            let mut rest = flat;
            let mut numbers: Vec<u64> = Vec::with_capacity(self.layers.len());
            for (_, count) in self.layers.iter().rev() {
                numbers.push(rest % count);
                rest /= count;
            }
            numbers.reverse();
            layer_name(&self.name, &numbers)
        };
        (0..layers).map(name).collect()
    }

    /// How many of the loops around it, outermost first, have a `{}` in its name.
    pub fn numbers(&self) -> usize {
        self.name.matches("{}").count().min(self.layers.len())
    }

    /// Bytes of all its tensors, held or not.
    pub fn bytes(&self) -> u64 {
        let layers: u64 = self.layers[..self.numbers()].iter().map(|(_, count)| count).product();
        4 * self.shape.iter().product::<u64>() * layers
    }
}

/// Bytes of the weights that are held: a tensor that several loops read is held once.
pub(in crate::plan) fn held(params: &PrimaryMap<ParamId, PlanParam>) -> u64 {
    let mut seen = BTreeSet::new();
    let first = params.values().filter(|param| !param.streamed && seen.insert(&param.name));
    first.map(PlanParam::bytes).sum()
}

#[cfg(test)]
mod tests {
    use cranelift_entity::EntityRef;

    use super::*;

    fn param(name: &str, layers: &[u64]) -> PlanParam {
        let layers = layers.iter().enumerate().map(|(k, count)| (LoopId::new(k), *count)).collect();
        PlanParam { name: name.into(), shape: vec![2, 3], layers, streamed: false }
    }

    #[test]
    fn layers_are_named_innermost_fastest_and_turns_alike() {
        let check = |name: &str, layers: &[u64], expected: &[&str]| assert_eq!(param(name, layers).names(), expected);
        check("w", &[], &["w"]);
        check("a.{}.b.{}.w", &[2, 2], &["a.0.b.0.w", "a.0.b.1.w", "a.1.b.0.w", "a.1.b.1.w"]);
        check("a.{}.w", &[2, 2], &["a.0.w", "a.0.w", "a.1.w", "a.1.w"]);
        check("a.{}.w", &[0], &[]);
    }

    #[test]
    fn a_tensor_is_held_once_and_a_streamed_one_not_at_all() {
        let check = |params: &[PlanParam], tensors: u64| {
            assert_eq!(held(&params.iter().cloned().collect()), tensors * 4 * 6);
        };
        check(&[param("w", &[]), param("v", &[])], 2);
        check(&[param("w", &[]), param("w", &[8])], 1);
        check(&[param("a.{}.w", &[3]), param("a.{}.w", &[3]), param("a.{}.v", &[3, 8])], 6);
        check(&[PlanParam { streamed: true, ..param("w", &[]) }, param("v", &[])], 1);
    }
}
