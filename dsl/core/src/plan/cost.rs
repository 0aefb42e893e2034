//! The time model: nanoseconds of one kernel call, from its extents and the target's table.
//!
//! ```text
//! call      = start + larger + smaller / 2          of arithmetic and traffic: they overlap, not perfectly
//! traffic   = near bytes / cache bandwidth + other bytes / bandwidth
//! contract  = 2·rows·columns·(contracted + 4) / contract rate + elements packed / pack rate
//!           + 6·elements normalized / scalar rate + what is done to the sums, as pointwise
//! attend    = 2·logits·(inner + 4 + channels) / contract rate + logits / logit rate
//!           + 6·terms added·logits / scalar rate + elements packed / pack rate, of the keys that take part
//! pointwise = points·(functions + operands + 1) / scalar rate + exponentials / exponential rate
//! rows      = pointwise + points / its rate + rows·row
//! ```
//!
//! What one turn of a loop writes and reads again is fast where it fits the cache. Fresh memory is read before
//! it is written. Work below the table's grain stays with one thread. `work.rs` has the arithmetic; rates are
//! those of all threads. A model to rank plans by, never a promise.

use smallvec::SmallVec;

use super::bound::Bound;
use super::join;
use super::target::Target;
use super::tree::{Item, Loop};
use super::work::{per_microsecond, work};
use crate::ir::{Access, AxisRef, Index, NodeId, Op, ValueId};

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
    let mut joined = 0;
    for (k, item) in items.iter().enumerate() {
        match item {
            Item::Node(id) if bound.graph.nodes[*id].op == Op::View => {}
            Item::Node(_) if joined > 0 => {
                sink(at, 0);
                (at, joined) = (at + 1, joined - 1);
            }
            Item::Node(id) => {
                let mut time = node_time(bound, *id, target, around, true);
                if !folded(*id, around) {
                    let each = |id| loops(around).map(move |l| l.each.slices.get(&id).map(|s| (s.index, s.axis())));
                    let call = join::call(bound, &items[k..], &|a, b| each(a).eq(each(b)));
                    joined = call.len() - 1;
                    for other in &call[1..] {
                        time = time.saturating_add(node_time(bound, *other, target, around, false));
                    }
                }
                sink(at, turns.saturating_mul(time));
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

/// The loops around something, innermost first.
fn loops<'a>(around: Option<&'a Around<'a>>) -> impl Iterator<Item = &'a Around<'a>> {
    std::iter::successors(around, |here| here.outer)
}

/// The extents of a node's indices inside loops. In 128 bits: sizes that no machine holds still get a time, a very
/// long one.
fn extents(bound: &Bound, id: NodeId, around: Option<&Around<'_>>) -> SmallVec<[u128; 8]> {
    let mut extents: SmallVec<[u128; 8]> = bound.extents[id].iter().map(|e| u128::from(*e)).collect();
    let inward: SmallVec<[&Around<'_>; 4]> = loops(around).collect();
    // The innermost loop that splits an index has the last word.
    for here in inward.into_iter().rev() {
        if let Some(index) = here.each.index(id) {
            extents[index] = u128::from(here.positions);
        }
    }
    extents
}

/// Whether a loop folds a node's result.
fn folded(id: NodeId, around: Option<&Around<'_>>) -> bool {
    loops(around).any(|here| here.each.slices.get(&id).is_some_and(|s| s.axis().is_none()))
}

/// Nanoseconds of node `id` in one call inside loops; where others came before it in the call, what it reads
/// in common with them has been read.
fn node_time(bound: &Bound, id: NodeId, target: &Target, around: Option<&Around<'_>>, first: bool) -> u64 {
    let node = &bound.graph.nodes[id];
    if matches!(node.op, Op::View | Op::Repeat(_)) {
        return 0;
    }
    let extents = extents(bound, id, around);
    let extent = |i: Index| extents[i];
    let touched = |access: &Access| -> u128 {
        let axis = |a: &AxisRef| match a {
            AxisRef::Index(i) | AxisRef::Shifted(i, _) => extent(*i),
            AxisRef::Joined(o, i) => extent(*o) * extent(*i),
            AxisRef::Unit => 1,
        };
        4 * access.axes.iter().map(axis).product::<u128>()
    };
    // Made and read within one turn, or a weight that every turn reads again.
    let turn = around.map(|a| a.each);
    let stays_near = |root: ValueId| match (turn, bound.producers[root]) {
        (None, _) => false,
        (Some(_), None) => bound.is_param[root],
        (Some(turn), Some(maker)) => turn.runs(maker),
    };
    let read_here = |root: ValueId| turn.is_some_and(|t| bound.readers[root].iter().any(|&r| t.runs(r)));
    let (mut near, mut far) = (0u128, 0u128);
    for access in node.operands.iter().skip(usize::from(!first)) {
        let bytes = touched(access);
        let stays = stays_near(bound.roots[access.value]) && bytes <= u128::from(target.cache / 2);
        *(if stays { &mut near } else { &mut far }) += bytes;
    }
    // A fold reads what it adds to; results that rarely take an operand's memory are fetched too.
    let fetched = matches!(node.op, Op::Contract(_) | Op::Attend { .. } | Op::Rows { .. });
    let folds = folded(id, around);
    for access in &node.results {
        let bytes = touched(access);
        let stays = read_here(bound.roots[access.value]) && bytes <= u128::from(target.cache / 2);
        let (sum, twice) = if stays { (&mut near, folds) } else { (&mut far, folds || fetched) };
        *sum += if twice { 2 * bytes } else { bytes };
    }
    let traffic = per_microsecond(near, target.cache_bandwidth).saturating_add(per_microsecond(far, target.bandwidth));
    let whole = |i: Index| u128::from(bound.extents[id][i]);
    let work = threaded(work(node, target, (&extent, &whole), first), target);
    let time = work.max(traffic).saturating_add(work.min(traffic) / 2);
    u64::try_from(time).unwrap_or(u64::MAX).saturating_add(if first { target.call } else { 0 })
}

/// Work that all threads would share, if there is enough of it to share.
fn threaded(shared: u128, target: &Target) -> u128 {
    shared.max(shared.saturating_mul(u128::from(target.threads)).min(u128::from(target.grain)))
}
