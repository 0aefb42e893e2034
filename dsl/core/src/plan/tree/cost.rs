//! The time model: nanoseconds of one kernel call, from its extents and the target's table.
//!
//! ```text
//! call      = start + larger + smaller / 2          of arithmetic and traffic: they overlap, not perfectly
//! traffic   = near bytes / cache bandwidth + other bytes / bandwidth
//! contract  = 2·rows·columns·(contracted + 4) / contract rate + elements packed / pack rate
//!           + 6·elements normalized / scalar rate + the epilogue, as pointwise
//! attend    = 2·logits·(inner + 4 + channels) / contract rate + logits / logit rate
//!           + 6·terms added·logits / scalar rate + elements packed / pack rate, of unmasked keys
//! pointwise = points·(functions + operands + 1) / scalar rate + exponentials / exponential rate
//! rows      = pointwise + points / its rate + rows·row
//! ```
//!
//! What one iteration of a loop writes and reads again is fast if it fits in the cache. Fresh memory is read before
//! it is written. Work below the table's grain stays with one thread. `work.rs` has the arithmetic; rates are
//! those of all threads. The model only ranks plans.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::bound::Bound;
use super::item::{Item, Loop};
use super::join;
use crate::ir::{Access, AxisRef, Index, NodeId, Op, ValueId};
use crate::plan::machine::{Target, per_microsecond, work};

/// The loops around an item, innermost first, each at a number of positions.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Around<'a> {
    pub each: &'a Loop,
    pub positions: u64,
    pub outer: Option<&'a Around<'a>>,
}

/// The times of a graph's calls on a machine, cached, since many stretches and loops need the same ones.
pub(in crate::plan) struct Costs {
    pub bound: Rc<Bound>,
    pub target: Rc<Target>,
    known: RefCell<Known>,
}

/// Calls by their numbers, and times by a call's number and the positions of the loops that split it.
#[derive(Default)]
struct Known {
    numbers: FxHashMap<Call, usize>,
    calls: Vec<Call>,
    times: FxHashMap<(usize, [u64; DEEPEST]), u64>,
}

/// One node in one call, and all of the loops around it that its time depends on, except their positions.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Call {
    id: NodeId,
    /// Whether none came before it in the call; those that follow find the operand in common read.
    first: bool,
    /// Whether a loop folds its result.
    folds: bool,
    /// Its indices that loops split, and by which loop, the innermost being 0.
    split: SmallVec<[(Index, usize); DEEPEST]>,
    /// The operands, then the results, that stay in the innermost loop: a bit for each.
    stays: u64,
}

/// Positions in an iteration of each loop, innermost first.
type Positions = SmallVec<[u64; DEEPEST]>;

/// Loops around a node: chunk loops, and such within them.
const DEEPEST: usize = 2;

/// Nodes inside loops, ready to be timed at any positions.
pub(in crate::plan) struct Turn(Vec<usize>);

impl Costs {
    pub(in crate::plan) fn new(bound: Rc<Bound>, target: Rc<Target>) -> Costs {
        Costs { bound, target, known: RefCell::default() }
    }

    /// Nanoseconds of a tree's items inside loops.
    pub(in crate::plan) fn time(&self, items: &[Item], around: Option<&Around<'_>>) -> u64 {
        let mut sum: u64 = 0;
        self.visit(items, around, (0, 1), &mut |_, time| sum = sum.saturating_add(time));
        sum
    }

    /// Nanoseconds of each node of a tree (views are none), in order, over all iterations of its loops.
    pub(in crate::plan) fn times(&self, items: &[Item]) -> Vec<u64> {
        let mut times: Vec<u64> = Vec::new();
        self.visit(items, None, (0, 1), &mut |at, time| {
            times.resize(times.len().max(at + 1), 0);
            times[at] = times[at].saturating_add(time);
        });
        times
    }

    /// The body of the innermost loop around it, of nodes only.
    pub(in crate::plan) fn turn(&self, around: &Around<'_>) -> Turn {
        let body = &around.each.body;
        let (mut calls, mut joined) = (Vec::new(), 0);
        for (k, item) in body.iter().enumerate() {
            let Item::Node(id) = item else { unreachable!("a loop in a turn of nodes") };
            if self.bound.graph.nodes[*id].op == Op::View {
                continue;
            }
            if joined == 0 {
                let before = calls.len();
                calls.extend(self.begins(&body[k..], *id, Some(around)));
                joined = calls.len() - before;
            }
            joined -= 1;
        }
        Turn(calls)
    }

    /// Nanoseconds of all iterations of a loop, at positions of the loops around it, innermost first.
    pub(in crate::plan) fn turns(&self, turn: &Turn, total: u64, chunk: u64, outer: &[u64]) -> u64 {
        let one = |positions: u64| {
            let positions: Positions = std::iter::once(positions).chain(outer.iter().copied()).collect();
            turn.0.iter().fold(0u64, |sum, call| sum.saturating_add(self.of(*call, &positions)))
        };
        let (full, tail) = (total / chunk, total % chunk);
        full.saturating_mul(one(chunk)).saturating_add(if tail > 0 { one(tail) } else { 0 })
    }

    /// Gives every node's place in the order and its nanoseconds: for the full iterations of the loops around it, and
    /// again for their tails. `at` is the place of the first node, `turns` how often the items run. Returns the
    /// place after the last.
    fn visit(
        &self,
        items: &[Item],
        around: Option<&Around<'_>>,
        (mut at, turns): (usize, u64),
        sink: &mut impl FnMut(usize, u64),
    ) -> usize {
        let positions: Positions = loops(around).map(|here| here.positions).collect();
        let mut joined = 0;
        for (k, item) in items.iter().enumerate() {
            match item {
                Item::Node(id) if self.bound.graph.nodes[*id].op == Op::View => {}
                Item::Node(_) if joined > 0 => {
                    sink(at, 0);
                    (at, joined) = (at + 1, joined - 1);
                }
                Item::Node(id) => {
                    let calls = self.begins(&items[k..], *id, around);
                    let time = calls.iter().fold(0u64, |sum, call| sum.saturating_add(self.of(*call, &positions)));
                    joined = calls.len() - 1;
                    sink(at, turns.saturating_mul(time));
                    at += 1;
                }
                Item::Loop(each) => {
                    let mut turn = |positions: u64, times: u64| {
                        let inside = Around { each, positions, outer: around };
                        self.visit(&each.body, Some(&inside), (at, turns.saturating_mul(times)), sink)
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

    /// The numbers of a node and of those that join its kernel call.
    fn begins(&self, items: &[Item], id: NodeId, around: Option<&Around<'_>>) -> SmallVec<[usize; 4]> {
        let bound = &*self.bound;
        let mut calls: SmallVec<[usize; 4]> = SmallVec::new();
        calls.push(self.number(Call::of(bound, id, around, true)));
        if matches!(bound.graph.nodes[id].op, Op::Contract(_)) && !folded(id, around) {
            let each = |id| loops(around).map(move |l| l.each.slices.get(id).map(|s| (s.index, s.axis())));
            let call = join::call(bound, items, &|a, b| each(a).eq(each(b)));
            calls.extend(call[1..].iter().map(|other| self.number(Call::of(bound, *other, around, false))));
        }
        calls
    }

    fn number(&self, call: Call) -> usize {
        let known = &mut *self.known.borrow_mut();
        *known.numbers.entry(call).or_insert_with_key(|call| {
            known.calls.push(call.clone());
            known.calls.len() - 1
        })
    }

    /// Nanoseconds of a call by its number.
    fn of(&self, number: usize, positions: &[u64]) -> u64 {
        let known = &mut *self.known.borrow_mut();
        let call = &known.calls[number];
        let mut own = [0; DEEPEST];
        own.iter_mut().zip(&call.split).for_each(|(own, (_, depth))| *own = positions[*depth]);
        *known.times.entry((number, own)).or_insert_with_key(|(_, own)| call.time(&self.bound, &self.target, own))
    }
}

/// Nanoseconds to copy a number of bytes from memory to memory.
pub(in crate::plan) fn copy(target: &Target, bytes: u64) -> u64 {
    let moved = 2000 * u128::from(bytes) / u128::from(target.bandwidth);
    u64::try_from(moved).unwrap_or(u64::MAX).saturating_add(target.call)
}

/// The loops around something, innermost first.
fn loops<'a>(around: Option<&'a Around<'a>>) -> impl Iterator<Item = &'a Around<'a>> {
    std::iter::successors(around, |here| here.outer)
}

/// Whether a loop folds a node's result.
fn folded(id: NodeId, around: Option<&Around<'_>>) -> bool {
    loops(around).any(|here| here.each.slices.get(id).is_some_and(|s| s.axis().is_none()))
}

impl Call {
    fn of(bound: &Bound, id: NodeId, around: Option<&Around<'_>>, first: bool) -> Call {
        let node = &bound.graph.nodes[id];
        let mut split: SmallVec<[(Index, usize); DEEPEST]> = SmallVec::new();
        // The innermost loop that splits an index decides.
        for (depth, here) in loops(around).enumerate() {
            if let Some(index) = here.each.index(id)
                && split.iter().all(|(known, _)| *known != index)
            {
                split.push((index, depth));
            }
        }
        debug_assert!(split.len() <= DEEPEST, "loops stand at most {DEEPEST} deep");
        let mut stays = 0;
        if let Some(turn) = around.map(|a| a.each) {
            // Made and read within one iteration, or a weight that every iteration reads again.
            let read = node.operands.iter().map(|access| {
                let root = bound.roots[access.value];
                bound.producers[root].map_or(bound.is_param[root], |maker| turn.runs(maker))
            });
            let reads = |root: ValueId| bound.readers[root].iter().any(|&reader| turn.runs(reader));
            let written = node.results.iter().map(|access| reads(bound.roots[access.value]));
            // Operands after the first 64 count as not cached.
            for (bit, _) in read.chain(written).take(64).enumerate().filter(|(_, near)| *near) {
                stays |= 1 << bit;
            }
        }
        Call { id, first, folds: folded(id, around), split, stays }
    }

    /// Nanoseconds at positions of the loops that split it.
    fn time(&self, bound: &Bound, target: &Target, positions: &[u64]) -> u64 {
        let node = &bound.graph.nodes[self.id];
        if matches!(node.op, Op::View | Op::Repeat(_)) {
            return 0;
        }
        // In 128 bits, so that even absurdly large sizes get a (very long) time.
        let mut extents: SmallVec<[u128; 8]> = bound.extents[self.id].iter().map(|e| u128::from(*e)).collect();
        self.split.iter().zip(positions).for_each(|((index, _), at)| extents[*index] = u128::from(*at));
        let extent = |i: Index| extents[i];
        let touched = |access: &Access| -> u128 {
            let axis = |a: &AxisRef| match a {
                AxisRef::Index(i) | AxisRef::Shifted(i, _) => extent(*i),
                AxisRef::Joined(o, i) => extent(*o) * extent(*i),
                AxisRef::Unit => 1,
            };
            u128::from(bound.format(access.value).bytes()) * access.axes.iter().map(axis).product::<u128>()
        };
        let stays =
            |bit: usize, bytes: u128| bit < 64 && self.stays >> bit & 1 == 1 && bytes <= u128::from(target.cache / 2);
        let (mut near, mut far) = (0u128, 0u128);
        for (bit, access) in node.operands.iter().enumerate().skip(usize::from(!self.first)) {
            let bytes = touched(access);
            *(if stays(bit, bytes) { &mut near } else { &mut far }) += bytes;
        }
        // A fold reads what it adds to; results that rarely take an operand's memory are fetched too.
        let fetched = matches!(node.op, Op::Contract(_) | Op::Attend { .. } | Op::Rows { .. });
        for (bit, access) in (node.operands.len()..).zip(&node.results) {
            let bytes = touched(access);
            let near_by = stays(bit, bytes);
            let (sum, twice) = if near_by { (&mut near, self.folds) } else { (&mut far, self.folds || fetched) };
            *sum += if twice { 2 * bytes } else { bytes };
        }
        let traffic =
            per_microsecond(near, target.cache_bandwidth).saturating_add(per_microsecond(far, target.bandwidth));
        let whole = |i: Index| u128::from(bound.extents[self.id][i]);
        let work = threaded(work(node, target, (&extent, &whole), self.first), target);
        let time = work.max(traffic).saturating_add(work.min(traffic) / 2);
        u64::try_from(time).unwrap_or(u64::MAX).saturating_add(if self.first { target.call } else { 0 })
    }
}

/// Work that all threads would share, if there is enough of it to share.
fn threaded(shared: u128, target: &Target) -> u128 {
    shared.max(shared.saturating_mul(u128::from(target.threads)).min(u128::from(target.grain)))
}
