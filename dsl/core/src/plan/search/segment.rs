//! Cuts: where a program is split into pieces that are planned independently.
//!
//! Between the sub-modules of these models only the state is alive. A cut there loses nothing but
//! loops across it, and makes planning linear in the number of sub-modules.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use cranelift_entity::EntityRef;

use crate::ir::{Graph, NodeId, Op, PerValue, Port, Value, ValueId};
use crate::plan::tree::{Bound, Until};

/// Nodes (no views) of a piece until it may end: smaller programs are not cut.
const SMALLEST: usize = 9;
/// Nodes on either side among which a cut must be the narrowest place.
const NEAR: usize = 8;

/// A part of a graph as a separate graph.
pub(super) struct Segment {
    /// Values keep their ids; those of other parts are empty here, so that copies stay small.
    pub graph: Graph,
    /// For each value: an input that is needed after the part.
    pub stays: PerValue<bool>,
    /// Roots that live through the part and are not its inputs.
    pub around: Vec<ValueId>,
}

/// Cuts a graph; `stays` marks inputs that outlive it. A loop over layers is a part of its own.
pub(super) fn segments(bound: &Bound, stays: &PerValue<bool>) -> Vec<Segment> {
    let graph = &bound.graph;
    let mut last_use: BTreeMap<ValueId, Until> = BTreeMap::new();
    for (id, node) in graph.nodes.iter().filter(|(_, n)| n.op != Op::View) {
        last_use.extend(node.operands.iter().map(|o| (bound.roots[o.value], Until::At(id.index()))));
    }
    let read_last = last_use.clone();
    for port in &graph.outputs {
        last_use.insert(bound.roots[port.value], Until::End);
    }
    for port in graph.inputs.iter().filter(|p| stays[p.value]) {
        last_use.insert(port.value, Until::End);
    }
    // Roots alive between node `at - 1` and node `at`.
    let alive = |at: usize| -> Vec<ValueId> {
        let made = |v: &ValueId| bound.producers[*v].map_or(!bound.is_param[*v], |id| id.index() < at);
        let needed = |v: &ValueId| last_use.get(v).is_some_and(|last| *last >= Until::At(at));
        bound.roots.keys().filter(|v| bound.roots[*v] == *v).filter(|v| made(v) && needed(v)).collect()
    };
    // Values kept only for the caller are everywhere, so they are not counted.
    let width = |at: usize| -> u64 {
        let read = alive(at).into_iter().filter(|v| read_last.get(v).is_some_and(|last| *last >= Until::At(at)));
        read.map(|v| bound.bytes(v)).sum()
    };
    let widths: Vec<u64> = (0..=graph.nodes.len()).map(width).collect();
    let op = |at: usize| &graph.nodes[NodeId::new(at)].op;
    let is_layers = |at: usize| matches!(op(at), Op::Repeat(_));
    let mut cuts = vec![0];
    let mut since = 0;
    for (at, width) in widths.iter().enumerate().take(graph.nodes.len()).skip(1) {
        since += usize::from(*op(at - 1) != Op::View);
        let near = &widths[at.saturating_sub(NEAR)..(at + NEAR).min(graph.nodes.len())];
        let least = near.iter().copied().min().unwrap_or(0);
        // A view stays with its readers.
        let narrow = since >= SMALLEST && *width <= least + least / 16 && *op(at - 1) != Op::View;
        if narrow || is_layers(at) || is_layers(at - 1) {
            cuts.push(at);
            since = 0;
        }
    }
    cuts.push(graph.nodes.len());
    cuts.windows(2).filter(|w| w[0] < w[1]).map(|w| segment(bound, &last_use, &alive(w[0]), w[0]..w[1])).collect()
}

fn segment(bound: &Bound, last_use: &BTreeMap<ValueId, Until>, alive: &[ValueId], range: Range<usize>) -> Segment {
    let graph = &bound.graph;
    // Views of values that cross the cut are repeated on this side.
    let mut nodes: BTreeSet<NodeId> = range.clone().map(NodeId::new).collect();
    let mut open: Vec<NodeId> = range.clone().map(NodeId::new).collect();
    while let Some(id) = open.pop() {
        let before = graph.nodes[id].operands.iter().filter_map(|o| bound.producers[o.value]);
        for producer in before.filter(|&p| graph.nodes[p].op == Op::View) {
            if nodes.insert(producer) {
                open.push(producer);
            }
        }
    }
    let made: BTreeSet<ValueId> = nodes.iter().flat_map(|&id| &graph.nodes[id].results).map(|r| r.value).collect();
    let read: BTreeSet<ValueId> = nodes.iter().flat_map(|&id| &graph.nodes[id].operands).map(|o| o.value).collect();
    let mut inputs: Vec<ValueId> = read.iter().copied().filter(|v| !made.contains(v) && !bound.is_param[*v]).collect();
    if range.start == 0 {
        // An unread input still exists: it is alive until the first operation is done.
        let unread = graph.inputs.iter().map(|p| p.value).filter(|v| !last_use.contains_key(v));
        inputs.extend(unread);
    }
    let outputs = made
        .iter()
        .copied()
        .filter(|v| bound.roots[*v] == *v && last_use.get(v).is_some_and(|last| *last >= Until::At(range.end)));
    // An unread result is still computed: it dies in its own moment.
    let outputs: Vec<ValueId> = outputs.collect();
    let around = alive.iter().copied().filter(|v| !inputs.contains(v)).collect();
    let later = |v: ValueId| last_use.get(&v).is_some_and(|last| *last >= Until::At(range.end));
    let stays = graph.values.keys().map(|v| inputs.contains(&v) && later(v)).collect();
    let port = |v: &ValueId| Port { name: graph.values[*v].name.clone(), value: *v };
    let params = graph.params.iter().filter(|p| read.contains(&p.value)).cloned().collect();
    let known = |v: ValueId| made.contains(&v) || read.contains(&v) || inputs.contains(&v);
    let nothing = || Value::single("", Vec::new());
    let values = graph.values.iter();
    let values = values.map(|(v, value)| if known(v) { value.clone() } else { nothing() }).collect();
    let graph = Graph {
        name: graph.name.clone(),
        values,
        nodes: nodes.iter().map(|&id| graph.nodes[id].clone()).collect(),
        inputs: inputs.iter().map(port).collect(),
        params,
        outputs: outputs.iter().map(port).collect(),
        precision: graph.precision,
    };
    Segment { graph, stays, around }
}
