//! Nested loops: the largest loops of a piece again, with every front of inner loops.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::candidate::Candidate;
use super::front::paths;
use super::sizes::ladder;
use super::stretch::{highest, loops_over, parted, total};
use crate::ir::{NodeId, Op};
use crate::plan::tree::{Around, Item, Life, Loop, Moments, Piece, Profile, Slices, Turn, Until};

/// Loops that are tried with inner loops.
const OUTER: usize = 24;

/// The largest loops among candidates, with inner loops. Cheap operations that the outer loop does not
/// split run before it, or are recomputed in each of its iterations.
pub(super) fn nested(piece: &Piece, flat: &[Rc<Candidate>]) -> Vec<Rc<Candidate>> {
    let mut outers: Vec<(usize, usize, Slices)> = Vec::new();
    for candidate in flat {
        let Some(Item::Loop(each)) = candidate.items.last() else { continue };
        if each.slices.len() < 2 || outers.last().is_some_and(|o| Rc::ptr_eq(&o.2, &each.slices)) {
            continue;
        }
        outers.push((candidate.l, candidate.r, Rc::clone(&each.slices)));
    }
    let within = |a: &Slices, b: &Slices| {
        a.len() < b.len() && a.iter().all(|(id, s)| b.get(id).is_some_and(|t| t.index == s.index))
    };
    let largest: Vec<bool> = outers.iter().map(|a| !outers.iter().any(|b| within(&a.2, &b.2))).collect();
    let mut found = Vec::new();
    let outers = outers.into_iter().zip(largest).filter(|(_, largest)| *largest).map(|(outer, _)| outer);
    for (l, r, slices) in outers.take(OUTER) {
        let (before, body) = parted(&piece.order[l..r], &slices);
        inside(piece, (l, r), &slices, (before.clone(), body.clone()), &mut found);
        if let Some((before, body)) = repeated(piece, (l, r), &before, &slices) {
            inside(piece, (l, r), &slices, (before, body), &mut found);
        }
    }
    found
}

/// The partition where cheap operations that only the loop reads run in each iteration.
fn repeated(piece: &Piece, (l, r): (usize, usize), before: &[Item], slices: &Slices) -> Option<(Vec<Item>, Vec<Item>)> {
    let graph = &piece.bound.graph;
    let mut moved: BTreeSet<NodeId> = BTreeSet::new();
    for item in before.iter().rev() {
        let Item::Node(id) = item else { continue };
        let cheap = matches!(graph.nodes[*id].op, Op::Pointwise(_) | Op::Rows { .. });
        let root = graph.nodes[*id].results[0].value;
        let here = piece.last_use[root] < Until::At(r);
        if cheap
            && here
            && piece.bound.readers[root].iter().all(|reader| slices.splits(*reader) || moved.contains(reader))
        {
            moved.insert(*id);
        }
    }
    if moved.is_empty() {
        return None;
    }
    let runs = piece.order[l..r].iter().copied().filter(|id| graph.nodes[*id].op != Op::View);
    let (body, before): (Vec<NodeId>, Vec<NodeId>) = runs.partition(|id| slices.splits(*id) || moved.contains(id));
    let items = |nodes: Vec<NodeId>| nodes.into_iter().map(Item::Node).collect();
    Some((items(before), items(body)))
}

/// One outer loop, for a few chunk sizes, with every front of loops inside.
fn inside(
    piece: &Piece,
    (l, r): (usize, usize),
    slices: &Slices,
    (before, body): (Vec<Item>, Vec<Item>),
    out: &mut Vec<Rc<Candidate>>,
) {
    let total = total(piece, slices);
    let nodes: Vec<NodeId> =
        body.iter().filter_map(|i| if let Item::Node(id) = i { Some(*id) } else { None }).collect();
    let around = |chunk: u64, body: Vec<Item>| -> Vec<Item> {
        let each = Loop::new(slices, total, chunk, body.into());
        before.iter().cloned().chain([Item::Loop(Rc::new(each))]).collect()
    };
    let is_view = |id: NodeId| piece.bound.graph.nodes[id].op == Op::View;
    let inner: Vec<(usize, usize, Slices)> = (0..nodes.len())
        .flat_map(|i| (i + 1..=nodes.len()).map(move |j| (i, j)))
        .filter(|&(i, j)| !is_view(nodes[i]) && !is_view(nodes[j - 1]))
        .flat_map(|(i, j)| loops_over(piece, &nodes[i..j]).into_iter().map(move |s| (i, j, s)))
        .filter(|(_, _, s)| s.iter().all(|(id, s)| slices.get(id).is_none_or(|o| o.index != s.index)))
        .collect();
    let mut choices: Vec<Choice> = Vec::new();
    // Before the first node of an iteration.
    let outside = Moments::of(&piece.bound, &around(1, Vec::new())).leaves.len();
    let moments = |nodes: &[Item]| nodes.iter().filter(|item| matches!(item, Item::Node(id) if !is_view(*id))).count();
    let split = Loop::new(slices, total, 1, Rc::new([]));
    let split = Around { each: &split, positions: 1, outer: None };
    let within = |i: usize, j: usize, all: &[Profile]| {
        all[outside + moments(&body[..i])..all.len() - moments(&body[j..])].to_vec()
    };
    let plain = Life::of(piece, &around(1, body.clone()), (l, r)).profile();
    for (i, item) in body.iter().enumerate() {
        let profile = within(i, i + 1, &plain);
        choices.push(Choice { i, j: i + 1, alone: vec![item.clone()], within: None, profile });
    }
    for (i, j, own) in inner {
        let (hoisted, turn) = parted(&nodes[i..j], &own);
        let each = Loop::new(&own, self::total(piece, &own), 1, turn.into());
        let timed = piece.costs.turn(&Around { each: &each, positions: 1, outer: Some(&split) });
        let mut choice = Choice { i, j, alone: hoisted, within: Some((each, timed)), profile: Vec::new() };
        let turn = body[..i].iter().cloned().chain(choice.items(1)).chain(body[j..].iter().cloned()).collect();
        choice.profile = within(i, j, &Life::of(piece, &around(1, turn), (l, r)).profile());
        choices.push(choice);
    }
    let leading = &plain[..moments(&before)];
    for chunk in ladder(total).into_iter().take(6) {
        let (mut candidates, mut made): (Vec<Rc<Candidate>>, Vec<(usize, u64)>) = (Vec::new(), Vec::new());
        for (which, choice) in choices.iter().enumerate() {
            for (size, peak, time) in choice.at(piece, &Around { positions: chunk, ..split }) {
                candidates.push(Rc::new(Candidate { l: choice.i, r: choice.j, items: Vec::new(), peak, time }));
                made.push((which, size));
            }
        }
        let leading = highest(leading, chunk, 1);
        for (picks, peak) in paths(nodes.len(), &candidates) {
            let items = picks.iter().map(|&k| made[k]).flat_map(|(which, size)| choices[which].items(size));
            let items = around(chunk, items.collect());
            let time = piece.costs.time(&items, None);
            out.push(Rc::new(Candidate { l, r, items, peak: peak.max(leading), time }));
        }
    }
}

/// A stretch of a loop's body and how it runs, whatever the chunk sizes.
struct Choice {
    i: usize,
    j: usize,
    /// The part outside the inner loop.
    alone: Vec<Item>,
    /// The inner loop, which comes last.
    within: Option<(Loop, Turn)>,
    profile: Vec<Profile>,
}

impl Choice {
    fn items(&self, chunk: u64) -> impl Iterator<Item = Item> {
        let each = self.within.iter().map(move |(each, _)| Item::Loop(Rc::new(each.with(chunk))));
        self.alone.iter().cloned().chain(each)
    }

    /// Chunk sizes for one of the loop around, with their peaks and times.
    fn at(&self, piece: &Piece, around: &Around<'_>) -> impl Iterator<Item = (u64, u64, u64)> {
        let outer = around.positions;
        let alone = piece.costs.time(&self.alone, Some(around));
        let sizes = self.within.as_ref().map_or_else(|| vec![1], |(each, _)| ladder(each.total));
        sizes.into_iter().step_by(2).map(move |size| {
            let turns = self.within.iter().map(|(each, turn)| piece.costs.turns(turn, each.total, size, &[outer]));
            (size, highest(&self.profile, outer, size), turns.fold(alone, u64::saturating_add))
        })
    }
}
