//! The search: for every part of a program the ways to run it, from the fastest to the leanest.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::candidate::Candidate;
use super::parts::{Flat, LayersWay, Load, Part, Search, Tried, Way, Weights, inner_inputs};
use super::segment::{Segment, segments};
use super::{front, nested, stretch};
use crate::fuse;
use crate::ir::{Access, Extent, Graph, Op, PerValue, Sizes, ValueId};
use crate::plan::data::{ALIGNMENT, PlanError};
use crate::plan::machine::Target;
use crate::plan::tree::{Bound, Costs, Piece, cost, order};
use crate::rules::Forms;

/// Graphs whose smallest peak is above the least one by more than this part of it get no nested loops.
const FAR: u64 = 2;

impl Search {
    /// `stays` marks inputs that must outlive the graph. Nested loops are not tried yet.
    pub(in crate::plan) fn new(
        graph: &Graph,
        sizes: &Sizes,
        target: &Rc<Target>,
        stays: &PerValue<bool>,
    ) -> Result<Search, PlanError> {
        let bound = Rc::new(Bound::new(graph, sizes)?);
        let mut parts = Vec::new();
        for segment in segments(&bound, stays) {
            let bytes = segment.around.iter().map(|&v| bound.bytes(v).next_multiple_of(ALIGNMENT)).sum();
            let layers = segment.graph.nodes.values().position(|n| matches!(n.op, Op::Repeat(_)));
            parts.push(match layers {
                Some(_) => layers_part(&bound, segment, sizes, target, bytes)?,
                None => nodes_part(&segment, sizes, target, bytes)?,
            });
        }
        Ok(Search { bound, parts })
    }

    /// Tries nested loops for the piece that determines the minimum peak, in a layer or not; false where that was
    /// done before. Repeated until then, since another piece may determine it afterwards.
    pub(in crate::plan) fn nest(&mut self) -> bool {
        let binding =
            (0..self.parts.len()).max_by_key(|&k| (self.parts[k].smallest(Weights::Held), std::cmp::Reverse(k)));
        match binding.map(|k| &mut self.parts[k]) {
            None => false,
            Some(Part::Layers { inner, ways, load, around, .. }) => {
                let more = inner.nest();
                if more {
                    *ways = layers_ways(inner, *around, load.layers);
                }
                more
            }
            Some(Part::Nodes { variants, ways, flat, around }) => {
                let Some(Flat(tried)) = flat.take() else { return false };
                let least = tried.iter().map(|t| t.smallest).min().unwrap_or(0);
                let near = |(_, (_, own)): &(usize, (&Piece, &Tried))| own.smallest <= least + least / FAR;
                for (v, (piece, Tried { stretches: flat, .. })) in variants.iter().zip(&tried).enumerate().filter(near)
                {
                    let more = nested::nested(piece, flat);
                    let all: Vec<Rc<Candidate>> = flat.iter().cloned().chain(more).collect();
                    ways.extend(front(v, piece, &all, *around));
                }
                prune(ways);
                true
            }
        }
    }

    /// Frees what only [`Search::nest`] needs.
    pub(in crate::plan) fn settle(&mut self) {
        for part in &mut self.parts {
            match part {
                Part::Nodes { flat, .. } => *flat = None,
                Part::Layers { inner, .. } => inner.settle(),
            }
        }
    }
}

/// The part of a segment without layers: its graph and the graphs equal to it, each in several orders.
fn nodes_part(segment: &Segment, sizes: &Sizes, target: &Rc<Target>, around: u64) -> Result<Part, PlanError> {
    let mut variants = Vec::new();
    let size = |extent: &Extent| extent.eval(sizes).unwrap_or(u64::MAX);
    for graph in fuse::variants(&segment.graph, &size) {
        let bound = Rc::new(Bound::new(&graph, sizes)?);
        let costs = Rc::new(Costs::new(Rc::clone(&bound), Rc::clone(target)));
        let forms = Rc::new(Forms::explore(&graph));
        let mut stays = segment.stays.clone();
        stays.extend(graph.values.keys().skip(segment.stays.len()).map(|_| false));
        for order in order::orders(&graph, &|v| bound.bytes(v)) {
            variants.push(Piece::new(&costs, Rc::clone(&forms), order, &stays));
        }
    }
    let (mut ways, mut tried) = (Vec::new(), Vec::new());
    for (v, piece) in variants.iter().enumerate() {
        let stretches = stretch::enumerate(piece);
        let own = front(v, piece, &stretches, around);
        let smallest = own.iter().map(|way| way.peak).min().unwrap_or(u64::MAX);
        tried.push(Tried { stretches, smallest });
        ways.extend(own);
    }
    prune(&mut ways);
    Ok(Part::Nodes { variants, ways, flat: Some(Flat(tried)), around })
}

/// Drops ways that are not Pareto-optimal.
fn prune(ways: &mut Vec<Way>) {
    ways.sort_by_key(|w| (w.peak, w.time, w.variant));
    let mut best = u64::MAX;
    ways.retain(|w| {
        w.time < best && {
            best = w.time;
            true
        }
    });
}

/// The Pareto front over all ways to cut a piece into its stretches.
fn front(variant: usize, piece: &Piece, candidates: &[Rc<Candidate>], around: u64) -> Vec<Way> {
    let end = piece.order.len();
    let points = front::fronts(end, candidates);
    let ways = points[end].iter().map(|last| {
        let (mut at, mut point, mut stretches) = (end, last, Vec::new());
        while at > 0 {
            let candidate = &candidates[point.candidate];
            stretches.push(Rc::clone(candidate));
            at = candidate.l;
            point = &points[at][point.before];
        }
        stretches.reverse();
        Way { variant, stretches, peak: last.peak + around, time: last.time }
    });
    ways.collect()
}

/// A loop over layers.
fn layers_part(
    bound: &Bound,
    segment: Segment,
    sizes: &Sizes,
    target: &Rc<Target>,
    around: u64,
) -> Result<Part, PlanError> {
    let node = segment.graph.nodes.values().find(|n| matches!(n.op, Op::Repeat(_))).expect("a loop over layers");
    let Op::Repeat(repeat) = &node.op else { unreachable!("found as one") };
    let id = bound.producers[node.results[0].value].expect("a node makes its results");
    let mut inner_stays = repeat.body.per_value(false);
    repeat.body.inputs.iter().skip(repeat.carried).for_each(|p| inner_stays[p.value] = true);
    let inner = Search::new(&repeat.body, sizes, target, &inner_stays)?;
    let count = repeat.count.eval(sizes)?;
    // The layer's peak counts its inputs; copies keep the operands that others still need.
    let size = |v| bound.bytes(v).next_multiple_of(ALIGNMENT);
    let kept: BTreeMap<ValueId, u64> = (0..repeat.carried)
        .filter(|&k| carried_copy(&node.operands, &segment.stays, k))
        .map(|k| (node.operands[k].value, size(node.operands[k].value)))
        .collect();
    let around = around + kept.values().sum::<u64>();
    let ways = layers_ways(&inner, around, count);
    let load = load(&inner, target, count);
    Ok(Part::Layers { id, stays: segment.stays, inner: Box::new(inner), ways, load, around })
}

/// The ways of a number of layers, with a number of bytes alive outside them.
fn layers_ways(inner: &Search, around: u64, layers: u64) -> Vec<LayersWay> {
    let ways = inner.front(Weights::Held).into_iter().map(|path| LayersWay {
        peak: around + path.peak.max(inner_inputs(inner)),
        time: layers.saturating_mul(path.time),
        path,
    });
    ways.collect()
}

/// Loops over layers of loops over layers hold their weights.
fn load(inner: &Search, target: &Target, layers: u64) -> Load {
    if inner.parts.iter().any(|part| matches!(part, Part::Layers { .. })) {
        return Load { layers, ..Load::default() };
    }
    let params = inner.bound.graph.params.iter();
    let bytes: u64 = params.map(|p| inner.bound.bytes(p.value).next_multiple_of(ALIGNMENT)).sum();
    Load { bytes, time: cost::copy(target, bytes), layers }
}

/// Whether a carried operand must be copied first: something else reads it, or it occurs twice.
pub(in crate::plan) fn carried_copy(operands: &[Access], stays: &PerValue<bool>, k: usize) -> bool {
    let value = operands[k].value;
    operands.iter().filter(|o| o.value == value).count() > 1 || stays[value]
}
