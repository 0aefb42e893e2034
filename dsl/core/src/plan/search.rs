//! The search: for every piece of a program all ways to run it worth having, from the fastest to the
//! leanest; a plan takes from each piece the fastest that fits.
//!
//! At a cut, and between the stretches of a piece, what crosses is whole. So the peak of a plan is the
//! largest of its stretches' and its time their sum: the ways of a piece are the Pareto front of a
//! shortest-path problem, and the best plan under a budget is exact over what was enumerated and
//! monotone in the budget by construction.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::bound::Bound;
use super::piece::Piece;
use super::segment::{Segment, segments};
use super::stretch::{self, Candidate};
use super::target::Target;
use super::{ALIGNMENT, PlanError, order};
use crate::fuse;
use crate::ir::{Extent, Graph, NodeId, Op, Sizes};
use crate::rules::Forms;

/// Points of a layer's time and memory front.
const FRONT: usize = 48;

/// A way to run a piece.
pub(super) struct Way {
    /// Which of the piece's graphs and orders.
    pub variant: usize,
    /// Its stretches, in order.
    pub stretches: Vec<Rc<Candidate>>,
    pub peak: u64,
    pub time: u64,
}

/// A part of a program and the ways to run it.
pub(super) enum Part {
    /// Nodes, as graphs that all give the same.
    Nodes { variants: Vec<Piece>, ways: Vec<Way> },
    /// A loop over layers; a way is a path of the layer.
    Layers { id: NodeId, stays: Vec<bool>, inner: Box<Search>, ways: Vec<LayersWay> },
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
}

/// Everything that was enumerated for a graph.
pub(super) struct Search {
    pub bound: Rc<Bound>,
    pub parts: Vec<Part>,
}

impl Search {
    /// `stays` marks inputs that must outlive the graph.
    pub(super) fn new(graph: &Graph, sizes: &Sizes, target: &Rc<Target>, stays: &[bool]) -> Result<Search, PlanError> {
        let bound = Rc::new(Bound::new(graph, sizes)?);
        let mut parts = Vec::new();
        let mut around = Vec::new();
        for segment in segments(&bound, stays) {
            let bytes = segment.around.iter().map(|&v| bound.bytes(v).next_multiple_of(ALIGNMENT)).sum();
            let layers = segment.graph.nodes.iter().position(|n| matches!(n.op, Op::Repeat(_)));
            parts.push(match layers {
                Some(_) => layers_part(&bound, segment, sizes, target, bytes)?,
                None => nodes_part(&segment, sizes, target, bytes)?,
            });
            around.push(bytes);
        }
        let mut search = Search { bound, parts };
        search.nest(&around);
        Ok(search)
    }

    /// Tries loops within loops for the piece that decides the smallest peak, until none helps.
    fn nest(&mut self, around: &[u64]) {
        let mut tried = BTreeSet::new();
        loop {
            let binding = (0..self.parts.len()).max_by_key(|&k| (self.parts[k].smallest(), std::cmp::Reverse(k)));
            let Some(k) = binding.filter(|k| tried.insert(*k)) else { return };
            let Part::Nodes { variants, ways } = &mut self.parts[k] else { return };
            let nested = variants.iter().enumerate().flat_map(|(v, piece)| front(v, piece, around[k], true));
            ways.extend(nested);
            prune(ways);
        }
    }

    /// The fastest path whose parts all stay within `limit` live bytes.
    pub(super) fn best(&self, limit: u64) -> Option<Path> {
        let mut path = Path { picks: Vec::new(), peak: 0, time: 0 };
        for part in &self.parts {
            let fits = (0..part.len()).filter(|&k| part.way(k).0 <= limit);
            let pick = fits.min_by_key(|&k| (part.way(k).1, part.way(k).0))?;
            let (peak, time) = part.way(pick);
            path.peak = path.peak.max(peak);
            path.time = path.time.saturating_add(time);
            path.picks.push(pick);
        }
        Some(path)
    }

    /// The smallest limit that any path keeps.
    pub(super) fn smallest(&self) -> u64 {
        self.parts.iter().map(Part::smallest).max().unwrap_or(0)
    }

    /// The limits worth asking for: a half percent above the one before, or a half percent faster within it
    /// (where one buffer outweighs all others, all choices lie within a half percent).
    pub(super) fn limits(&self) -> Vec<u64> {
        let ways = |(at, part): (usize, &Part)| -> Vec<(u64, usize, u64)> {
            (0..part.len()).map(|k| part.way(k)).map(|(peak, time)| (peak, at, time)).collect()
        };
        let mut ways: Vec<(u64, usize, u64)> = self.parts.iter().enumerate().flat_map(ways).collect();
        ways.sort_unstable();
        let smallest = self.smallest();
        let mut fastest = vec![u64::MAX; self.parts.len()];
        let mut limits: Vec<u64> = Vec::new();
        let mut last_time = u64::MAX;
        for (k, &(peak, part, time)) in ways.iter().enumerate() {
            fastest[part] = fastest[part].min(time);
            if peak < smallest || ways.get(k + 1).is_some_and(|next| next.0 == peak) {
                continue;
            }
            let time = fastest.iter().fold(0u64, |sum, time| sum.saturating_add(*time));
            let above = limits.last().is_none_or(|last| peak > last + last / 200);
            // The fastest plan is among them.
            if above || time < last_time - last_time / 200 || (k + 1 == ways.len() && time < last_time) {
                limits.push(peak);
                last_time = time;
            }
        }
        limits
    }

    /// Paths from the fastest to the leanest.
    pub(super) fn front(&self) -> Vec<Rc<Path>> {
        let mut front = Vec::new();
        let smallest = self.smallest();
        let mut limit = u64::MAX;
        while let Some(path) = self.best(limit) {
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
    fn way(&self, k: usize) -> (u64, u64) {
        match self {
            Part::Nodes { ways, .. } => (ways[k].peak, ways[k].time),
            Part::Layers { ways, .. } => (ways[k].peak, ways[k].time),
        }
    }

    fn smallest(&self) -> u64 {
        (0..self.len()).map(|k| self.way(k).0).min().unwrap_or(0)
    }
}

/// The part of a segment without layers: its graph and the graphs equal to it, each in several orders.
fn nodes_part(segment: &Segment, sizes: &Sizes, target: &Rc<Target>, around: u64) -> Result<Part, PlanError> {
    let mut variants = Vec::new();
    let size = |extent: &Extent| extent.eval(sizes).unwrap_or(u64::MAX);
    for graph in fuse::variants(&segment.graph, &size) {
        let bound = Rc::new(Bound::new(&graph, sizes)?);
        let forms = Rc::new(Forms::explore(&graph));
        let mut stays = segment.stays.clone();
        stays.resize(graph.values.len(), false);
        for order in order::orders(&graph, &|v| bound.bytes(v)) {
            variants.push(Piece::new(Rc::clone(&bound), Rc::clone(&forms), Rc::clone(target), order, &stays));
        }
    }
    let mut ways: Vec<Way> =
        variants.iter().enumerate().flat_map(|(v, piece)| front(v, piece, around, false)).collect();
    prune(&mut ways);
    Ok(Part::Nodes { variants, ways })
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
fn front(variant: usize, piece: &Piece, around: u64, nested: bool) -> Vec<Way> {
    let mut candidates = stretch::enumerate(piece);
    if nested {
        let more = stretch::nested(piece, &candidates);
        candidates.extend(more);
        candidates.sort_by_key(|c| c.l);
    }
    let end = piece.order.len();
    let points = fronts(end, &candidates);
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

/// The Pareto front at each position; candidates are sorted by where they start.
fn fronts(end: usize, candidates: &[Rc<Candidate>]) -> Vec<Vec<Point>> {
    let mut points: Vec<Vec<Point>> = (0..=end).map(|_| Vec::new()).collect();
    points[0].push(Point { peak: 0, time: 0, candidate: usize::MAX, before: 0 });
    let mut settled = 0;
    for (k, candidate) in candidates.iter().enumerate() {
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

/// Keeps what no other point beats in both.
fn thin(points: &mut Vec<Point>) {
    points.sort_by_key(|p| (p.peak, p.time, p.candidate));
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
    let ways = inner.front().into_iter().map(|path| LayersWay {
        peak: around + path.peak.max(inner_inputs(&inner)),
        time: count.saturating_mul(path.time),
        path,
    });
    let ways = ways.collect();
    Ok(Part::Layers { id, stays: segment.stays, inner: Box::new(inner), ways })
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
