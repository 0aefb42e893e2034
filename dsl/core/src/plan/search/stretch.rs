//! Stretches of an order and every way tried to run each: whole, or as one chunk loop.

use std::rc::Rc;

use super::candidate::Candidate;
use super::sizes::{every_size, ladder};
use crate::ir::{NodeId, Op};
use crate::plan::tree::{Around, Item, Life, Loop, Piece, Profile, Slices, join, region};

/// The longest stretch tried as one loop.
const LONGEST: usize = 56;

/// Nodes of a piece whose stretches are few.
const FEW: usize = 8;

/// Every stretch of an order, whole or as one loop, sorted by start.
pub(super) fn enumerate(piece: &Piece) -> Vec<Rc<Candidate>> {
    let mut candidates = Vec::new();
    for l in 0..piece.order.len() {
        let items = vec![Item::Node(piece.order[l])];
        let peak = highest(&Life::of(piece, &items, (l, l + 1)).profile(), 1, 1);
        let time = piece.costs.time(&items, None);
        candidates.push(Rc::new(Candidate { l, r: l + 1, items, peak, time }));
        candidates.extend(joined(piece, l));
        for (r, slices) in regions(piece, l) {
            chunked(piece, (l, r), &slices, &mut candidates);
        }
    }
    candidates
}

/// The kernel call of several contractions that begins at a position of the order.
fn joined(piece: &Piece, l: usize) -> Option<Rc<Candidate>> {
    let rest: Vec<Item> = piece.order[l..].iter().map(|id| Item::Node(*id)).collect();
    let call = join::call(&piece.bound, &rest, &|_, _| true);
    let last = call.last().filter(|_| call.len() > 1)?;
    let r = piece.position[*last] + 1;
    let items = rest[..r - l].to_vec();
    let peak = highest(&Life::of(piece, &items, (l, r)).profile(), 1, 1);
    let time = piece.costs.time(&items, None);
    Some(Rc::new(Candidate { l, r, items, peak, time }))
}

/// Every loop that begins at a position of the order.
fn regions(piece: &Piece, l: usize) -> Vec<(usize, Slices)> {
    let is_view = |at: usize| piece.bound.graph.nodes[piece.order[at]].op == Op::View;
    let mut found = Vec::new();
    if is_view(l) {
        return found;
    }
    for r in (l + 1..=piece.order.len().min(l + LONGEST)).filter(|r| !is_view(r - 1)) {
        for slices in loops_over(piece, &piece.order[l..r]) {
            found.push((r, slices));
        }
    }
    found
}

/// Every loop over some nodes that splits the last one.
pub(super) fn loops_over(piece: &Piece, stretch: &[NodeId]) -> Vec<Slices> {
    let last = stretch[stretch.len() - 1];
    let seeds = piece.forms.slices(last).iter().filter(|s| piece.bound.extents[last][s.index] > 1);
    let mut found: Vec<Slices> = Vec::new();
    for slices in seeds.filter_map(|seed| region::grow(piece, stretch, seed)) {
        if !found.contains(&slices) {
            found.push(slices);
        }
    }
    found
}

/// The extent that a loop splits.
pub(super) fn total(piece: &Piece, slices: &Slices) -> u64 {
    let (id, slice) = slices.iter().next().expect("a loop splits something");
    piece.bound.extents[id][slice.index]
}

/// What runs before the loop, and in it.
pub(super) fn parted(stretch: &[NodeId], slices: &Slices) -> (Vec<Item>, Vec<Item>) {
    let (body, before): (Vec<NodeId>, Vec<NodeId>) = stretch.iter().partition(|id| slices.splits(**id));
    let items = |nodes: Vec<NodeId>| nodes.into_iter().map(Item::Node).collect();
    (items(before), items(body))
}

/// A loop, for each chunk size of the ladder.
fn chunked(piece: &Piece, (l, r): (usize, usize), slices: &Slices, out: &mut Vec<Rc<Candidate>>) {
    let total = total(piece, slices);
    let (before, body) = parted(&piece.order[l..r], slices);
    let each = Loop::new(slices, total, 1, body.into());
    let with =
        |chunk: u64| -> Vec<Item> { before.iter().cloned().chain([Item::Loop(Rc::new(each.with(chunk)))]).collect() };
    let profile = Life::of(piece, &with(1), (l, r)).profile();
    let alone = piece.costs.time(&before, None);
    let turn = piece.costs.turn(&Around { each: &each, positions: 1, outer: None });
    let mut last: Option<(u64, u64)> = None;
    let sizes = if piece.order.len() <= FEW { every_size(total) } else { ladder(total) };
    for chunk in sizes {
        let peak = highest(&profile, chunk, 1);
        let time = alone.saturating_add(piece.costs.turns(&turn, total, chunk, &[]));
        // Smaller chunks are only worth keeping while they save memory.
        if last.is_some_and(|(p, t)| peak >= p && time >= t) {
            continue;
        }
        last = Some((peak, time));
        out.push(Rc::new(Candidate { l, r, items: with(chunk), peak, time }));
    }
}

pub(super) fn highest(profile: &[Profile], outer: u64, inner: u64) -> u64 {
    profile.iter().map(|p| p.at(outer, inner)).max().unwrap_or(0)
}
