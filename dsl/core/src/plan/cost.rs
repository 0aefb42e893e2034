//! The time model: nanoseconds of one kernel call, from its extents and the target's table.
//!
//! A call costs a fixed start plus the larger of its arithmetic and its memory traffic. What one turn of
//! a loop writes and reads again is fast where it fits the cache. Small contractions run below the
//! table's rate. A model to rank plans by, never a promise.

use super::bound::Bound;
use super::target::Target;
use super::tree::{Item, Loop};
use crate::ir::{AxisRef, Expr, Index, Node, NodeId, Op, ValueId};

/// The loops around an item, innermost first, each at a number of positions.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub each: &'a Loop,
    pub positions: u64,
    pub outer: Option<&'a Around<'a>>,
}

/// Nanoseconds of a tree's items inside loops.
pub(super) fn time(bound: &Bound, target: &Target, items: &[Item], around: Option<&Around<'_>>) -> u64 {
    let mut sum: u64 = 0;
    visit((bound, target), items, around, (0, 1), &mut |_, time| sum = sum.saturating_add(time));
    sum
}

/// Nanoseconds of each node of a tree (views are none), in order, over all turns of its loops.
pub(super) fn times(bound: &Bound, target: &Target, items: &[Item]) -> Vec<u64> {
    let mut times: Vec<u64> = Vec::new();
    visit((bound, target), items, None, (0, 1), &mut |at, time| {
        times.resize(times.len().max(at + 1), 0);
        times[at] = times[at].saturating_add(time);
    });
    times
}

/// Gives every node's place in the order and its nanoseconds: for the full turns of the loops around it, and
/// again for their tails. `at` is the place of the first node, `turns` how often the items run. Gives the
/// place after the last.
fn visit(
    (bound, target): (&Bound, &Target),
    items: &[Item],
    around: Option<&Around<'_>>,
    (mut at, turns): (usize, u64),
    sink: &mut impl FnMut(usize, u64),
) -> usize {
    for item in items {
        match item {
            Item::Node(id) if bound.graph.nodes[*id].op == Op::View => {}
            Item::Node(id) => {
                sink(at, turns.saturating_mul(node_time(bound, *id, target, around)));
                at += 1;
            }
            Item::Loop(each) => {
                let mut turn = |positions: u64, times: u64| {
                    let inside = Around { each, positions, outer: around };
                    visit((bound, target), &each.body, Some(&inside), (at, turns.saturating_mul(times)), sink)
                };
                let (full, tail) = (each.total / each.chunk, each.total % each.chunk);
                let end = turn(each.chunk, full);
                if tail > 0 {
                    turn(tail, 1);
                }
                at = end;
            }
        }
    }
    at
}

/// Nanoseconds to copy so many bytes from memory to memory.
pub(super) fn copy(target: &Target, bytes: u64) -> u64 {
    let moved = 2000 * u128::from(bytes) / u128::from(target.bandwidth);
    u64::try_from(moved).unwrap_or(u64::MAX).saturating_add(target.call)
}

/// The extent of a node's index inside loops.
fn extent_of(bound: &Bound, id: NodeId, index: Index, around: Option<&Around<'_>>) -> u128 {
    let mut loops = std::iter::successors(around, |here| here.outer);
    let split = loops.find(|here| here.each.index(id) == Some(index));
    u128::from(split.map_or(bound.extents[id][index], |here| here.positions))
}

/// Whether a loop folds a node's result.
fn folded(id: NodeId, around: Option<&Around<'_>>) -> bool {
    let mut loops = std::iter::successors(around, |here| here.outer);
    loops.any(|here| here.each.slices.get(&id).is_some_and(|s| s.axis().is_none()))
}

/// Nanoseconds of one call of node `id` inside loops.
fn node_time(bound: &Bound, id: NodeId, target: &Target, around: Option<&Around<'_>>) -> u64 {
    let node = &bound.graph.nodes[id];
    if matches!(node.op, Op::View | Op::Repeat(_)) {
        return 0;
    }
    // In 128 bits: sizes that no machine holds still get a time, a very long one.
    let extent = |i: Index| extent_of(bound, id, i, around);
    let points: u128 = (0..node.indices.len()).map(extent).product();
    let touched = |axes: &[AxisRef]| -> u128 {
        let axis = |a: &AxisRef| match a {
            AxisRef::Index(i) | AxisRef::Shifted(i, _) => extent(*i),
            AxisRef::Joined(o, i) => extent(*o) * extent(*i),
            AxisRef::Unit => 1,
        };
        4 * axes.iter().map(axis).product::<u128>()
    };
    // Made and read within one turn, or a weight that every turn reads again.
    let turn = around.map(|a| a.each);
    let stays_near = |root: ValueId| match (turn, bound.producers[root]) {
        (None, _) => false,
        (Some(_), None) => bound.is_param[root],
        (Some(turn), Some(maker)) => turn.runs(maker),
    };
    let read_here = |root: ValueId| turn.is_some_and(|t| bound.readers[root].iter().any(|&r| t.runs(r)));
    let moved = |bytes: u128, near: bool| {
        let near = near && bytes <= u128::from(target.cache / 2);
        bytes * 1000 / u128::from(if near { target.cache_bandwidth } else { target.bandwidth })
    };
    let reading = node.operands.iter().map(|a| moved(touched(&a.axes), stays_near(bound.roots[a.value])));
    let writing = node.results.iter().map(|a| moved(touched(&a.axes), read_here(bound.roots[a.value])));
    // A fold reads what it adds to.
    let passes = if folded(id, around) { 2 } else { 1 };
    let traffic: u128 = reading.sum::<u128>() + passes * writing.sum::<u128>();
    let arithmetic = |expr: &Expr| 1 + expr.functions() as u128 + 12 * expr.transcendentals() as u128;
    let scalar = |points: u128, each: u128| points.saturating_mul(each * 1000) / u128::from(target.scalar_rate);
    let work = match &node.op {
        Op::View | Op::Repeat(_) | Op::Concat { .. } => 0,
        Op::Pointwise(expr) => scalar(points, arithmetic(expr)),
        Op::Rows { before, row, after, .. } => {
            let passes = if row.consumes() { 2 } else { 16 };
            scalar(points, arithmetic(before) + passes + arithmetic(after))
        }
        Op::Contract => contract_time(node, target, &extent),
        Op::Attend { inner, channel, .. } => {
            let logits = points / extent(*inner).max(1) / extent(*channel).max(1);
            let each = (extent(*inner) + 8).saturating_add(extent(*channel).next_multiple_of(16) + 8);
            let products = logits.saturating_mul(each * 2000) / u128::from(target.contract_rate);
            products.saturating_add(logits.saturating_mul(1000) / u128::from(target.logit_rate))
        }
    };
    u64::try_from(work.max(traffic)).unwrap_or(u64::MAX).saturating_add(target.call)
}

/// `2·|all indices|` flop; a side shorter than a tile wastes the rest of it.
fn contract_time(node: &Node, target: &Target, extent: &dyn Fn(Index) -> u128) -> u128 {
    let (a, b, c) = (&node.operands[0], &node.operands[1], node.result());
    let mut sides = [1u128; 4]; // batch, rows, columns, contracted
    for i in 0..node.indices.len() {
        let side = match (c.mentions(i), a.mentions(i), b.mentions(i)) {
            (true, true, true) => 0,
            (true, true, false) => 1,
            (true, ..) => 2,
            (false, ..) => 3,
        };
        sides[side] *= extent(i);
    }
    let [batch, rows, columns, contracted] = sides;
    let padded = |side: u128| side.next_multiple_of(8);
    let products = padded(rows).saturating_mul(padded(columns)).saturating_mul(contracted + 8);
    products.saturating_mul(2000 * batch) / u128::from(target.contract_rate)
}
