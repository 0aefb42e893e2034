//! The naive program: every value whole, out of place, freed at its last use.

use std::collections::BTreeMap;

use super::PlanError;
use super::bound::Bound;
use crate::ir::{Graph, Op, Sizes};

/// Peak bytes (weights excluded) of a graph run as written, eagerly: each operation's result is a
/// new whole tensor, views cost nothing, each tensor is freed after its last use. Inputs count until
/// their last use, outputs until the end.
///
/// # Errors
/// A size that is missing or out of range.
pub fn naive_peak(graph: &Graph, sizes: &Sizes) -> Result<u64, PlanError> {
    peak(graph, sizes, &|_| false)
}

fn peak(graph: &Graph, sizes: &Sizes, stays: &dyn Fn(usize) -> bool) -> Result<u64, PlanError> {
    let bound = Bound::new(graph, sizes)?;
    let mut last: BTreeMap<usize, usize> = graph.inputs.iter().map(|p| (p.value, 0)).collect();
    for (id, node) in graph.nodes.iter().enumerate() {
        last.extend(node.operands.iter().map(|o| (bound.roots[o.value], id)));
        for result in &node.results {
            last.entry(bound.roots[result.value]).or_insert(id);
        }
    }
    for value in 0..graph.values.len() {
        if bound.is_output[value] || stays(value) {
            last.insert(bound.roots[value], usize::MAX);
        }
    }
    let mut live: u64 = graph.inputs.iter().map(|p| bound.bytes(p.value)).sum();
    let mut highest = live;
    for (id, node) in graph.nodes.iter().enumerate() {
        let made = node.results.iter().filter(|_| node.op != Op::View).map(|r| bound.bytes(r.value)).sum::<u64>();
        let moment = match &node.op {
            Op::Repeat(repeat) => {
                let operands: u64 = node.operands.iter().map(|o| bound.bytes(o.value)).sum();
                let stays: Vec<usize> = repeat.body.inputs.iter().skip(repeat.carried).map(|p| p.value).collect();
                let layer = peak(&repeat.body, sizes, &|v| stays.contains(&v))?;
                (live + layer).saturating_sub(operands).max(live + made)
            }
            _ => live + made,
        };
        highest = highest.max(moment);
        live += made;
        for (&value, _) in last.iter().filter(|(_, at)| **at == id) {
            if !bound.is_param[value] && bound.roots[value] == value {
                live -= bound.bytes(value);
            }
        }
    }
    Ok(highest)
}
