//! Horizontal fusion: contractions that are one kernel call, in which the common operand is read and packed once
//! (the projections of an attention, the two sides of a triangle multiplication).
//!
//! This needs no search: their results are alive together at the last of them anyway.

use smallvec::SmallVec;

use super::bound::Bound;
use super::item::Item;
use crate::ir::{Access, Index, NodeId, Op};
use crate::kernel::Contract;

/// The nodes of a call.
pub(in crate::plan) type Call = SmallVec<[NodeId; 4]>;

/// The nodes of the call that begins at the first item: that one, and what joins it of those that follow.
///
/// `alike` returns whether the enclosing loops split two nodes the same way.
pub(in crate::plan) fn call(bound: &Bound, items: &[Item], alike: &dyn Fn(NodeId, NodeId) -> bool) -> Call {
    let mut nodes = items.iter().map_while(|item| match item {
        Item::Node(id) => Some(*id),
        Item::Loop(_) => None,
    });
    let mut call: Call = nodes.next().into_iter().collect();
    let is_contraction = |id: &NodeId| matches!(bound.graph.nodes[*id].op, Op::Contract(_));
    if !call.first().is_some_and(is_contraction) {
        return call;
    }
    for id in nodes.filter(|id| bound.graph.nodes[*id].op != Op::View) {
        if !is_contraction(&id) || !alike(call[0], id) || !joins(bound, &call, id) {
            break;
        }
        call.push(id);
    }
    call
}

/// Whether a contraction may be computed in one call with others.
fn joins(bound: &Bound, call: &[NodeId], id: NodeId) -> bool {
    let (first, node) = (&bound.graph.nodes[call[0]], &bound.graph.nodes[id]);
    let (Op::Contract(a), Op::Contract(b)) = (&first.op, &node.op) else { return false };
    if first.operands[0] != node.operands[0] || a.norm != b.norm || bound.extents[call[0]] != bound.extents[id] {
        return false;
    }
    let same = |a: &Access, b: &Access| (0..node.indices.len()).all(|i| a.mentions(i) == b.mentions(i));
    let common = |k: Option<usize>, other: Option<usize>| match (k, other) {
        (Some(k), Some(other)) => first.operands[k] == node.operands[other],
        (None, None) => true,
        _ => false,
    };
    let affine = a.affine().into_iter().zip(b.affine()).all(|(k, other)| common(k, other));
    let alike = affine
        && same(first.result(), node.result())
        && node.operands[1..=b.sums].iter().all(|o| same(o, &first.operands[1]));
    if !alike {
        return false;
    }
    let made = |root| call.iter().any(|&other| bound.roots[bound.graph.nodes[other].result().value] == root);
    if node.operands.iter().any(|o| made(bound.roots[o.value])) {
        return false;
    }
    let all = || call.iter().chain([&id]).map(|&other| &bound.graph.nodes[other]);
    let operands: usize = all().map(|n| n.operands.len() + 1).sum();
    let sums: usize = all().map(|n| if let Op::Contract(c) = &n.op { c.sums } else { 0 }).sum();
    let gone = |i: &Index| !node.result().mentions(*i);
    let terms: u64 = (0..node.indices.len()).filter(gone).map(|i| bound.extents[id][i]).product();
    operands <= Contract::OPERANDS && terms.saturating_mul(sums as u64) <= Contract::TERMS
}
