//! The time model: nanoseconds of one kernel call, from its extents and the target's table.
//!
//! A call costs a fixed start plus the larger of its arithmetic and its memory traffic. What one turn of
//! a loop writes and reads again is fast where it fits the cache. Small contractions run below the
//! table's rate. A model to rank plans by, never a promise.

use super::bound::Bound;
use super::target::Target;
use super::tree::{Item, Loop};
use crate::ir::{AxisRef, Expr, Index, NodeId, Op, ValueId};

/// Nanoseconds of a tree's items, where enclosing loops limit indices of nodes to a number of positions.
pub(super) fn time(bound: &Bound, target: &Target, items: &[Item], around: &[(&Loop, u64)]) -> u64 {
    let mut sum: u64 = 0;
    for item in items {
        sum = sum.saturating_add(match item {
            Item::Node(id) => node_time(bound, *id, target, around),
            Item::Loop(each) => {
                let turn = |positions: u64| {
                    let inside: Vec<(&Loop, u64)> = around.iter().copied().chain([(&**each, positions)]).collect();
                    time(bound, target, &each.body, &inside)
                };
                let (turns, tail) = (each.total / each.chunk, each.total % each.chunk);
                let full = if turns > 0 { turns.saturating_mul(turn(each.chunk)) } else { 0 };
                full.saturating_add(if tail > 0 { turn(tail) } else { 0 })
            }
        });
    }
    sum
}

/// Nanoseconds of one call of node `id` inside loops, each at a number of positions.
pub(super) fn node_time(bound: &Bound, id: NodeId, target: &Target, around: &[(&Loop, u64)]) -> u64 {
    let node = &bound.graph.nodes[id];
    let mut extents = bound.extents[id].clone();
    for (each, positions) in around {
        if let Some(index) = each.index(id) {
            extents[index] = *positions;
        }
    }
    let extent = |i: Index| extents[i];
    let points: u64 = (0..bound.extents[id].len()).map(extent).product();
    let touched = |axes: &[AxisRef]| -> u64 {
        let axis = |a: &AxisRef| match a {
            AxisRef::Index(i) | AxisRef::Shifted(i, _) => extent(*i),
            AxisRef::Joined(o, i) => extent(*o) * extent(*i),
            AxisRef::Unit => 1,
        };
        4 * axes.iter().map(axis).product::<u64>()
    };
    // Made and read within one turn, or a weight that every turn reads again.
    let turn = around.last().map(|(each, _)| *each);
    let stays_near = |root: ValueId| match (turn, bound.producers[root]) {
        (None, _) => false,
        (Some(_), None) => bound.is_param[root],
        (Some(turn), Some(maker)) => turn.runs(maker),
    };
    let read_here = |root: ValueId| turn.is_some_and(|t| bound.readers[root].iter().any(|&r| t.runs(r)));
    let moved = |bytes: u64, near: bool| {
        let rate = if near && bytes <= target.cache / 2 { target.cache_bandwidth } else { target.bandwidth };
        bytes * 1000 / rate
    };
    let reading = node.operands.iter().map(|a| moved(touched(&a.axes), stays_near(bound.roots[a.value])));
    let writing = node.results.iter().map(|a| moved(touched(&a.axes), read_here(bound.roots[a.value])));
    let traffic: u64 = reading.chain(writing).sum();
    let arithmetic = |expr: &Expr| 1 + expr.functions() as u64 + 12 * expr.transcendentals() as u64;
    let work = match &node.op {
        Op::View | Op::Repeat(_) => return 0,
        Op::Pointwise(expr) => points * arithmetic(expr) * 1000 / target.scalar_rate,
        Op::Rows { before, row, after, .. } => {
            let passes = if row.consumes() { 2 } else { 16 };
            points * (arithmetic(before) + passes + arithmetic(after)) * 1000 / target.scalar_rate
        }
        Op::Concat { .. } => 0,
        Op::Contract => contract_time(bound, id, target, &extent),
    };
    target.call + work.max(traffic)
}

/// `2·|all indices|` flop; a side shorter than a tile wastes the rest of it.
fn contract_time(bound: &Bound, id: NodeId, target: &Target, extent: &dyn Fn(Index) -> u64) -> u64 {
    let node = &bound.graph.nodes[id];
    let (a, b, c) = (&node.operands[0], &node.operands[1], node.result());
    let mut sides = [1u64; 4]; // batch, rows, columns, contracted
    for i in 0..bound.extents[id].len() {
        let side = match (c.mentions(i), a.mentions(i), b.mentions(i)) {
            (true, true, true) => 0,
            (true, true, false) => 1,
            (true, ..) => 2,
            (false, ..) => 3,
        };
        sides[side] *= extent(i);
    }
    let [batch, rows, columns, contracted] = sides;
    let (long, short) = (rows.max(columns), rows.min(columns));
    let padded = long.next_multiple_of(8) * short.next_multiple_of(8) * (contracted + 8);
    (2 * batch * padded).saturating_mul(1000) / target.contract_rate
}
