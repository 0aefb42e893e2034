//! The naive program: every value whole, out of place, freed at its last use.

use std::collections::BTreeMap;

use cranelift_entity::EntityRef;

use crate::ir::{Access, Graph, Op, Repeat, Sizes, ValueId};
use crate::plan::data::{PlanError, SlotKind};
use crate::plan::tree::{Bound, Until};

/// A graph run as written, eagerly: each operation's result is a new whole tensor, views cost nothing,
/// each tensor is freed after its last use. Inputs count until their last use, outputs until the end;
/// weights do not count.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Naive {
    /// The operation of each moment; those of a layer occur once.
    pub operations: Vec<String>,
    /// Every tensor. One that is hidden inside a loop over layers has another entry after it.
    pub values: Vec<NaiveValue>,
}

/// A tensor of the naive program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NaiveValue {
    /// The operation that makes it; an input's name.
    pub name: String,
    /// Its purpose.
    pub kind: SlotKind,
    /// Bytes.
    pub bytes: u64,
    /// First moment it is alive.
    pub first: u64,
    /// Last moment it is alive.
    pub last: u64,
}

impl Naive {
    /// Bytes alive at each moment.
    pub fn timeline(&self) -> Vec<u64> {
        let mut live = vec![0; self.operations.len()];
        for value in &self.values {
            for bytes in &mut live[value.first as usize..=value.last as usize] {
                *bytes += value.bytes;
            }
        }
        live
    }

    /// Bytes alive at the fullest moment.
    pub fn peak(&self) -> u64 {
        self.timeline().into_iter().max().unwrap_or(0)
    }
}

/// Peak bytes (weights excluded) of a graph run as written.
///
/// # Errors
/// A size that is missing or out of range.
pub fn naive_peak(graph: &Graph, sizes: &Sizes) -> Result<u64, PlanError> {
    Ok(eager(graph, sizes)?.peak())
}

/// A graph run as written.
///
/// # Errors
/// A size that is missing or out of range.
pub fn eager(graph: &Graph, sizes: &Sizes) -> Result<Naive, PlanError> {
    let mut naive = Naive::default();
    naive.run(graph, sizes, &vec![SlotKind::Input; graph.inputs.len()], None)?;
    Ok(naive)
}

impl Naive {
    fn now(&self) -> u64 {
        self.operations.len() as u64
    }

    /// Runs a graph; inputs of a layer that are not carried outlive it.
    fn run(
        &mut self,
        graph: &Graph,
        sizes: &Sizes,
        kinds: &[SlotKind],
        layer: Option<&Repeat>,
    ) -> Result<(), PlanError> {
        let bound = Bound::new(graph, sizes)?;
        let mut last: BTreeMap<ValueId, Until> = graph.inputs.iter().map(|p| (p.value, Until::At(0))).collect();
        for (id, node) in graph.nodes.iter() {
            last.extend(node.operands.iter().map(|o| (bound.roots[o.value], Until::At(id.index()))));
            for result in &node.results {
                last.entry(bound.roots[result.value]).or_insert(Until::At(id.index()));
            }
        }
        let outlive = layer.map_or(&[][..], |repeat| &graph.inputs[repeat.carried..]);
        let given: Vec<ValueId> = graph.outputs.iter().map(|p| bound.roots[p.value]).collect();
        last.extend(given.iter().copied().chain(outlive.iter().map(|p| p.value)).map(|value| (value, Until::End)));
        // What each root alive is for, and since when.
        let start = self.now();
        let mut alive: BTreeMap<ValueId, (SlotKind, u64)> =
            graph.inputs.iter().zip(kinds).map(|(port, kind)| (port.value, (*kind, start))).collect();
        for (id, node) in graph.nodes.iter().filter(|(_, node)| node.op != Op::View) {
            // What only views read since is gone.
            self.free(&bound, &mut alive, |value| last.get(&value).is_some_and(|at| *at < Until::At(id.index())));
            if let Op::Repeat(repeat) = &node.op {
                // The layer's own inputs stand for the operands until it ends.
                let roots = node.operands.iter().map(|o| bound.roots[o.value]);
                let kinds: Vec<SlotKind> =
                    roots.clone().map(|r| alive.get(&r).map_or(SlotKind::Temporary, |a| a.0)).collect();
                let same = |o: &&Access| bound.bytes(o.value) == bound.bytes(bound.roots[o.value]);
                let hidden: Vec<ValueId> = node.operands.iter().filter(same).map(|o| bound.roots[o.value]).collect();
                let hidden: BTreeMap<_, _> = hidden.iter().filter_map(|r| Some((*r, alive.get(r)?.0))).collect();
                self.free(&bound, &mut alive, |value| hidden.contains_key(&value));
                self.run(&repeat.body, sizes, &kinds, Some(repeat))?;
                let now = self.now();
                alive.extend(hidden.into_iter().map(|(value, kind)| (value, (kind, now))));
            }
            let now = self.now();
            for result in &node.results {
                let kind = match layer.is_none() && given.contains(&result.value) {
                    true => SlotKind::Output,
                    false => SlotKind::Temporary,
                };
                alive.insert(result.value, (kind, now));
            }
            self.operations.push(node.origin.clone());
            self.free(&bound, &mut alive, |value| last.get(&value) == Some(&Until::At(id.index())));
        }
        // Nothing runs, and the inputs are there all the same.
        if self.now() == start {
            self.operations.push(String::new());
        }
        self.free(&bound, &mut alive, |_| true);
        Ok(())
    }

    /// Ends the lives of values at the moment before now.
    fn free(&mut self, bound: &Bound, alive: &mut BTreeMap<ValueId, (SlotKind, u64)>, gone: impl Fn(ValueId) -> bool) {
        let now = self.now();
        alive.retain(|&value, &mut (kind, first)| {
            let ends = gone(value);
            if ends && first < now {
                let own = || bound.graph.values[value].name.clone();
                let name = bound.producers[value].map_or_else(own, |id| bound.graph.nodes[id].origin.clone());
                let bytes = bound.bytes(value);
                self.values.push(NaiveValue { name, kind, bytes, first, last: now - 1 });
            }
            !ends
        });
    }
}
