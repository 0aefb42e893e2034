//! The search: for every piece of a program all ways to run it worth having, from the fastest to the
//! leanest; a plan takes from each piece the fastest that fits.
//!
//! At a cut, and between the stretches of a piece, what crosses is whole. So the peak of a plan is the
//! largest of its stretches' and its time their sum: the ways of a piece are the Pareto front of a
//! shortest-path problem, and the best plan under a budget is exact over what was enumerated and
//! monotone in the budget by construction.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::bound::Bound;
use super::cost::Costs;
use super::piece::Piece;
use super::segment::{Segment, segments};
use super::stretch::{self, Candidate};
use super::target::Target;
use super::{ALIGNMENT, PlanError, cost, order};
use crate::fuse;
use crate::ir::{Extent, Graph, NodeId, Op, Sizes};
use crate::rules::Forms;

/// Graphs whose smallest peak is above the least one by more than this part of it get no loops within loops.
const FAR: u64 = 2;
/// Points of a layer's time and memory front.
const FRONT: usize = 48;
/// More memory is worth asking for if it saves more than this part of the fastest time: predictions are no better, and memory
/// that is not touched saves time that they do not know of.
const WORTH: u64 = 100;

/// A way to run a piece.
pub(super) struct Way {
    /// Which of the piece's graphs and orders.
    pub variant: usize,
    /// Its stretches, in order.
    pub stretches: Vec<Rc<Candidate>>,
    pub peak: u64,
    pub time: u64,
}

/// What was tried of a graph of a part: its stretches, and the smallest peak of ways through them.
struct Tried {
    stretches: Vec<Rc<Candidate>>,
    smallest: u64,
}

/// A part of nodes whose loops within loops were not tried yet: what was tried of each of its graphs.
pub(super) struct Flat(Vec<Tried>);

/// A part of a program and the ways to run it.
pub(super) enum Part {
    /// Nodes, as graphs that all give the same.
    Nodes {
        variants: Vec<Piece>,
        ways: Vec<Way>,
        flat: Option<Flat>,
        /// Bytes that live beside it.
        around: u64,
    },
    /// A loop over layers; a way is a path of the layer.
    Layers {
        id: NodeId,
        stays: Vec<bool>,
        inner: Box<Search>,
        ways: Vec<LayersWay>,
        load: Load,
        /// Bytes that live beside it.
        around: u64,
    },
}

/// Where the weights of loops over layers are during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weights {
    /// All layers' are held.
    Held,
    /// One layer's are in the arena, read anew for each layer.
    Streamed,
}

/// What it takes to stream the weights of a loop over layers; nothing where they cannot be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    /// Bytes of one layer's weights.
    pub bytes: u64,
    /// Nanoseconds to read those of one layer.
    pub time: u64,
    pub layers: u64,
}

/// A way to run a loop over layers.
pub(super) struct LayersWay {
    pub path: Rc<Path>,
    pub peak: u64,
    pub time: u64,
}

/// A way for each part.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub picks: Vec<usize>,
    pub peak: u64,
    pub time: u64,
    pub weights: Weights,
}

/// Everything that was enumerated for a graph.
pub(super) struct Search {
    pub bound: Rc<Bound>,
    pub parts: Vec<Part>,
}

impl Search {
    /// `stays` marks inputs that must outlive the graph. Loops within loops are not tried yet.
    pub(super) fn new(graph: &Graph, sizes: &Sizes, target: &Rc<Target>, stays: &[bool]) -> Result<Search, PlanError> {
        let bound = Rc::new(Bound::new(graph, sizes)?);
        let mut parts = Vec::new();
        for segment in segments(&bound, stays) {
            let bytes = segment.around.iter().map(|&v| bound.bytes(v).next_multiple_of(ALIGNMENT)).sum();
            let layers = segment.graph.nodes.iter().position(|n| matches!(n.op, Op::Repeat(_)));
            parts.push(match layers {
                Some(_) => layers_part(&bound, segment, sizes, target, bytes)?,
                None => nodes_part(&segment, sizes, target, bytes)?,
            });
        }
        Ok(Search { bound, parts })
    }

    /// Tries loops within loops for the piece that decides the smallest peak, in a layer or not; false where that was
    /// done before. To be repeated until then: another piece may decide after it.
    pub(super) fn nest(&mut self) -> bool {
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
                    let more = stretch::nested(piece, flat);
                    let all: Vec<Rc<Candidate>> = flat.iter().cloned().chain(more).collect();
                    ways.extend(front(v, piece, &all, *around));
                }
                prune(ways);
                true
            }
        }
    }

    /// Lets go of what [`Search::nest`] needs.
    pub(super) fn settle(&mut self) {
        for part in &mut self.parts {
            match part {
                Part::Nodes { flat, .. } => *flat = None,
                Part::Layers { inner, .. } => inner.settle(),
            }
        }
    }

    /// Whether the weights of its loops over layers can be streamed.
    pub(super) fn can_stream(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Layers { load, .. } if load.bytes > 0))
    }

    /// The fastest path whose parts all stay within `limit` live bytes.
    pub(super) fn best(&self, limit: u64, weights: Weights) -> Option<Path> {
        let mut path = Path { picks: Vec::new(), peak: 0, time: 0, weights };
        for part in &self.parts {
            let fits = (0..part.len()).filter(|&k| part.way(k, weights).0 <= limit);
            let pick = fits.min_by_key(|&k| {
                let (peak, time) = part.way(k, weights);
                (time, peak)
            })?;
            let (peak, time) = part.way(pick, weights);
            path.peak = path.peak.max(peak);
            path.time = path.time.saturating_add(time);
            path.picks.push(pick);
        }
        Some(path)
    }

    /// The smallest limit that any path keeps.
    pub(super) fn smallest(&self, weights: Weights) -> u64 {
        self.parts.iter().map(|part| part.smallest(weights)).max().unwrap_or(0)
    }

    /// The limits worth asking for, rising: each lets some part be faster than the one before. The last one is the first
    /// that is about as fast as none.
    pub(super) fn limits(&self, weights: Weights) -> Vec<u64> {
        let ways = |(at, part): (usize, &Part)| -> Vec<(u64, usize, u64)> {
            (0..part.len()).map(|k| part.way(k, weights)).map(|(peak, time)| (peak, at, time)).collect()
        };
        let mut ways: Vec<(u64, usize, u64)> = self.parts.iter().enumerate().flat_map(ways).collect();
        ways.sort_unstable();
        let smallest = self.smallest(weights);
        let best = self.best(u64::MAX, weights).map_or(u64::MAX, |path| path.time);
        let enough = best.saturating_add(best / WORTH);
        let mut fastest = vec![u64::MAX; self.parts.len()];
        let mut limits: Vec<u64> = Vec::new();
        let mut last_time = u64::MAX;
        for (k, &(peak, part, time)) in ways.iter().enumerate() {
            fastest[part] = fastest[part].min(time);
            if peak < smallest || ways.get(k + 1).is_some_and(|next| next.0 == peak) {
                continue;
            }
            let time = fastest.iter().fold(0u64, |sum, time| sum.saturating_add(*time));
            if time < last_time {
                limits.push(peak);
                last_time = time;
            }
            if time <= enough {
                break;
            }
        }
        limits
    }

    /// Paths from the fastest to the leanest.
    pub(super) fn front(&self, weights: Weights) -> Vec<Rc<Path>> {
        let mut front = Vec::new();
        let smallest = self.smallest(weights);
        let mut limit = u64::MAX;
        while let Some(path) = self.best(limit, weights) {
            let peak = path.peak;
            front.push(Rc::new(path));
            if peak <= smallest || front.len() >= FRONT {
                break;
            }
            // Steps of a twenty-fifth, and the leanest at the end.
            limit = if front.len() + 1 == FRONT { smallest } else { (peak - peak / 25 - 1).max(smallest) };
        }
        front
    }
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Part::Nodes { ways, .. } => ways.len(),
            Part::Layers { ways, .. } => ways.len(),
        }
    }

    /// Peak and time of a way.
    fn way(&self, k: usize, weights: Weights) -> (u64, u64) {
        match (self, weights) {
            (Part::Nodes { ways, .. }, _) => (ways[k].peak, ways[k].time),
            (Part::Layers { ways, .. }, Weights::Held) => (ways[k].peak, ways[k].time),
            (Part::Layers { ways, load, .. }, Weights::Streamed) => {
                (ways[k].peak + load.bytes, ways[k].time.saturating_add(load.time.saturating_mul(load.layers)))
            }
        }
    }

    fn smallest(&self, weights: Weights) -> u64 {
        (0..self.len()).map(|k| self.way(k, weights).0).min().unwrap_or(0)
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
        stays.resize(graph.values.len(), false);
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

/// Drops ways that another one beats in both.
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

/// A point on the way through a piece: how it was reached.
struct Point {
    peak: u64,
    time: u64,
    candidate: usize,
    before: usize,
}

/// The Pareto front over all ways to cut a piece into its stretches.
fn front(variant: usize, piece: &Piece, candidates: &[Rc<Candidate>], around: u64) -> Vec<Way> {
    let end = piece.order.len();
    let points = fronts(end, candidates);
    let ways = points[end].iter().map(|last| {
        let (mut point, mut stretches) = (last, Vec::new());
        while point.candidate != usize::MAX {
            let candidate = &candidates[point.candidate];
            stretches.push(Rc::clone(candidate));
            point = &points[candidate.l][point.before];
        }
        stretches.reverse();
        Way { variant, stretches, peak: last.peak + around, time: last.time }
    });
    ways.collect()
}

/// The Pareto front at each position.
fn fronts(end: usize, candidates: &[Rc<Candidate>]) -> Vec<Vec<Point>> {
    let mut points: Vec<Vec<Point>> = (0..=end).map(|_| Vec::new()).collect();
    points[0].push(Point { peak: 0, time: 0, candidate: usize::MAX, before: 0 });
    let mut settled = 0;
    for k in worth_having(candidates) {
        let candidate = &candidates[k];
        while settled < candidate.l {
            settled += 1;
            thin(&mut points[settled]);
        }
        let (earlier, later) = points.split_at_mut(candidate.r);
        for (before, point) in earlier[candidate.l].iter().enumerate() {
            let (peak, time) = (point.peak.max(candidate.peak), point.time.saturating_add(candidate.time));
            later[0].push(Point { peak, time, candidate: k, before });
        }
    }
    points[(settled + 1).min(end)..].iter_mut().for_each(thin);
    points
}

/// The candidates, by where they start, that no other one of the same stretch beats in both peak and time.
fn worth_having(candidates: &[Rc<Candidate>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    let key = |k: usize| (candidates[k].l, candidates[k].r, candidates[k].peak, candidates[k].time, k);
    order.sort_unstable_by_key(|k| key(*k));
    let mut last = None;
    order.retain(|&k| {
        let (l, r, _, time, _) = key(k);
        let beaten = last.is_some_and(|(stretch, best)| stretch == (l, r) && time >= best);
        if !beaten {
            last = Some(((l, r), time));
        }
        !beaten
    });
    order
}

/// Keeps what no other point beats in both.
fn thin(points: &mut Vec<Point>) {
    points.sort_unstable_by_key(|p| (p.peak, p.time, p.candidate, p.before));
    let mut best = u64::MAX;
    points.retain(|p| {
        p.time < best && {
            best = p.time;
            true
        }
    });
}

/// The front of ways through items of a loop's body: which candidates, peak and time.
pub(super) fn paths(end: usize, candidates: &[Rc<Candidate>]) -> Vec<(Vec<usize>, u64)> {
    let points = fronts(end, candidates);
    let ways = points[end].iter().map(|last| {
        let (mut point, mut picks) = (last, Vec::new());
        while point.candidate != usize::MAX {
            picks.push(point.candidate);
            point = &points[candidates[point.candidate].l][point.before];
        }
        picks.reverse();
        (picks, last.peak)
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
    let node = segment.graph.nodes.iter().find(|n| matches!(n.op, Op::Repeat(_))).expect("a loop over layers");
    let Op::Repeat(repeat) = &node.op else { unreachable!("found as one") };
    let id = bound.producers[node.results[0].value].expect("a node makes its results");
    let mut inner_stays = vec![false; repeat.body.values.len()];
    repeat.body.inputs.iter().skip(repeat.carried).for_each(|p| inner_stays[p.value] = true);
    let inner = Search::new(&repeat.body, sizes, target, &inner_stays)?;
    let count = repeat.count.eval(sizes)?;
    // The layer's peak counts its inputs; copies keep the operands that others still need.
    let size = |v| bound.bytes(v).next_multiple_of(ALIGNMENT);
    let kept: BTreeMap<usize, u64> = (0..repeat.carried)
        .filter(|&k| carried_copy(&node.operands, &segment.stays, k))
        .map(|k| (node.operands[k].value, size(node.operands[k].value)))
        .collect();
    let around = around + kept.values().sum::<u64>();
    let ways = layers_ways(&inner, around, count);
    let load = load(&inner, target, count);
    Ok(Part::Layers { id, stays: segment.stays, inner: Box::new(inner), ways, load, around })
}

/// The ways of so many layers beside so many bytes.
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

/// Bytes of a graph's inputs.
pub(super) fn inner_inputs(search: &Search) -> u64 {
    let inputs = search.bound.graph.inputs.iter();
    inputs.map(|p| search.bound.bytes(p.value).next_multiple_of(ALIGNMENT)).sum()
}

/// Whether a carried operand must be copied first: something else reads it, or it stands twice.
pub(super) fn carried_copy(operands: &[crate::ir::Access], stays: &[bool], k: usize) -> bool {
    let value = operands[k].value;
    operands.iter().filter(|o| o.value == value).count() > 1 || stays[value]
}
