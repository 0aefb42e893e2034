//! Every chunk loop over some nodes, straight from the index table: no forms, no regions grown.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ir::{AxisRef, Behaviour, Index, NodeId};
use crate::plan::tree::Bound;
use crate::plan::tree::item::{Slices, Splits};
use crate::rules::{Join, Operand, Slice};

/// Every way to run nodes, in order, as one loop: an index of each, all of one extent, such that every
/// reader inside the loop reads only the current slice, and no fold before it is done.
pub(super) fn loops(bound: &Bound, nodes: &[NodeId]) -> Vec<Slices> {
    let mut found = Vec::new();
    extend(bound, nodes, &mut BTreeMap::new(), None, &mut found);
    found
}

fn extend(
    bound: &Bound,
    rest: &[NodeId],
    chosen: &mut BTreeMap<NodeId, Rc<Slice>>,
    total: Option<u64>,
    found: &mut Vec<Slices>,
) {
    let Some((&id, rest)) = rest.split_first() else {
        found.push(Splits::new(chosen.iter().map(|(id, slice)| (*id, Rc::clone(slice)))));
        return;
    };
    for index in 0..bound.extents[id].len() {
        let extent = bound.extents[id][index];
        if extent < 2 || total.is_some_and(|t| t != extent) {
            continue;
        }
        let Some(slice) = slice(bound, id, index).filter(|_| flows(bound, id, index, chosen)) else { continue };
        chosen.insert(id, Rc::new(slice));
        extend(bound, rest, chosen, Some(extent), found);
        chosen.remove(&id);
    }
}

/// Whether a node that is split along an index reads only finished slices of what the loop makes.
fn flows(bound: &Bound, id: NodeId, index: Index, chosen: &BTreeMap<NodeId, Rc<Slice>>) -> bool {
    bound.graph.nodes[id].operands.iter().all(|operand| {
        let made = bound.producers[operand.value].and_then(|producer| chosen.get(&producer));
        made.is_none_or(|made| match made.join {
            Join::Merge(axis) => operand.axes[axis] == AxisRef::Index(index),
            Join::Combine(_) => false,
        })
    })
}

/// The split of a node along an index, if the table allows it.
fn slice(bound: &Bound, id: NodeId, index: Index) -> Option<Slice> {
    let node = &bound.graph.nodes[id];
    let join = match node.behaviour(index) {
        Behaviour::Map => Join::Merge(node.results.first()?.axis_of(index)?),
        Behaviour::Fold(combine) => Join::Combine(combine),
        Behaviour::Whole => return None,
    };
    let operands = node.operands.iter().map(|o| o.axis_of(index).map_or(Operand::Whole, Operand::Split));
    Some(Slice { index, join, operands: operands.collect() })
}
