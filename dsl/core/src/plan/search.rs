//! The search: the fastest way to cut an order into stretches, each within the budget.
//!
//! A value that crosses from one stretch into another is whole, whatever the stretches are. So a
//! stretch's peak depends on nothing but itself, the peak of a plan is the largest of its stretches'
//! and its time their sum: the best plan under a budget is a shortest path over the stretches that
//! fit, exact over what was enumerated and monotone in the budget by construction.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::PlanError;
use super::bound::Bound;
use super::cost::node_time;
use super::schedule::{Sequence, Slices};
use super::target::Target;
use super::{order, region};
use crate::ir::{Graph, NodeId, Op, Sizes};
use crate::rules::Forms;

/// The longest stretch tried as one loop.
const LONGEST: usize = 56;
/// Points of a layer's time and memory front.
const FRONT: usize = 48;

/// What is known of a sequence's surroundings.
pub(super) struct Outside {
    /// For each value: an input that must outlive the sequence.
    pub stays: Vec<bool>,
}

impl Outside {
    /// A whole program: every input is donated.
    pub(super) fn top(graph: &Graph) -> Outside {
        Outside { stays: vec![false; graph.values.len()] }
    }
}

/// A stretch and how it runs.
pub(super) struct Candidate {
    pub l: usize,
    pub r: usize,
    /// The loop, with its extent and chunk.
    pub loops: Option<(Slices, u64, u64)>,
    /// The layer's plan, for a loop over layers.
    pub layer: Option<Rc<Path>>,
    pub peak: u64,
    pub time: u64,
}

/// A way through an order.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub order: usize,
    /// Candidates, by position in the order's list.
    pub picks: Vec<usize>,
    pub peak: u64,
    pub time: u64,
}

/// Everything that was enumerated for a graph.
pub(super) struct Search {
    pub bound: Rc<Bound>,
    pub target: Target,
    pub sequences: Vec<Sequence>,
    pub candidates: Vec<Vec<Candidate>>,
    /// The bodies of loops over layers.
    pub layers: BTreeMap<NodeId, Search>,
}

impl Search {
    pub(super) fn new(graph: &Graph, sizes: &Sizes, target: &Target, outside: &Outside) -> Result<Search, PlanError> {
        let bound = Rc::new(Bound::new(graph, sizes)?);
        let forms = Forms::explore(graph);
        let mut layers = BTreeMap::new();
        for (id, node) in graph.nodes.iter().enumerate() {
            if let Op::Repeat(repeat) = &node.op {
                let mut stays = vec![false; repeat.body.values.len()];
                repeat.body.inputs.iter().skip(repeat.carried).for_each(|p| stays[p.value] = true);
                layers.insert(id, Search::new(&repeat.body, sizes, target, &Outside { stays })?);
            }
        }
        let fronts: BTreeMap<NodeId, Vec<Rc<Path>>> = layers.iter().map(|(&id, s)| (id, s.front())).collect();
        let orders = order::orders(graph, &|v| bound.bytes(v));
        let sequences: Vec<Sequence> =
            orders.into_iter().map(|order| Sequence::new(Rc::clone(&bound), order, &outside.stays)).collect();
        let candidates = sequences.iter().map(|seq| enumerate(seq, &forms, target, &fronts)).collect();
        Ok(Search { bound, target: target.clone(), sequences, candidates, layers })
    }

    /// The fastest path whose stretches all stay within `limit` live bytes.
    pub(super) fn best(&self, limit: u64) -> Option<Path> {
        let paths = (0..self.sequences.len()).filter_map(|o| self.shortest(o, limit));
        paths.min_by_key(|p| (p.time, p.peak))
    }

    fn shortest(&self, order: usize, limit: u64) -> Option<Path> {
        let candidates = &self.candidates[order];
        let end = self.sequences[order].order.len();
        let mut best: Vec<Option<(u64, u64, usize)>> = vec![None; end + 1];
        best[0] = Some((0, 0, usize::MAX));
        // Candidates are sorted by where they start, so each one's start is settled when it is read.
        for (k, candidate) in candidates.iter().enumerate().filter(|(_, c)| c.peak <= limit) {
            let Some((time, peak, _)) = best[candidate.l] else { continue };
            let reached = (time + candidate.time, peak.max(candidate.peak));
            if best[candidate.r].is_none_or(|(t, p, _)| reached < (t, p)) {
                best[candidate.r] = Some((reached.0, reached.1, k));
            }
        }
        let (time, peak, _) = best[end]?;
        let mut picks = Vec::new();
        let mut at = end;
        while at > 0 {
            let (_, _, k) = best[at]?;
            picks.push(k);
            at = candidates[k].l;
        }
        picks.reverse();
        Some(Path { order, picks, peak, time })
    }

    /// The smallest limit that any path keeps.
    pub(super) fn smallest(&self) -> u64 {
        let bottleneck = |order: usize| {
            let mut best = vec![u64::MAX; self.sequences[order].order.len() + 1];
            best[0] = 0;
            for candidate in &self.candidates[order] {
                let reached = best[candidate.l].max(candidate.peak);
                best[candidate.r] = best[candidate.r].min(reached);
            }
            best.last().copied().unwrap_or(0)
        };
        (0..self.sequences.len()).map(bottleneck).min().unwrap_or(0)
    }

    /// Paths from the fastest to the leanest.
    fn front(&self) -> Vec<Rc<Path>> {
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
            limit = (peak - peak / 25 - 1).max(smallest);
        }
        front
    }
}

/// Every stretch of an order and every way tried to run it, sorted by start.
fn enumerate(
    seq: &Sequence,
    forms: &Forms,
    target: &Target,
    fronts: &BTreeMap<NodeId, Vec<Rc<Path>>>,
) -> Vec<Candidate> {
    let bound = &*seq.bound;
    let mut candidates = Vec::new();
    for l in 0..seq.order.len() {
        whole(seq, l, target, fronts, &mut candidates);
        if bound.graph.nodes[seq.order[l]].op == Op::View {
            continue;
        }
        for r in l + 1..=seq.order.len().min(l + LONGEST) {
            let last = seq.order[r - 1];
            match bound.graph.nodes[last].op {
                Op::Repeat(_) => break,
                Op::View => continue,
                _ => {}
            }
            let mut seen: BTreeSet<Vec<(NodeId, usize)>> = BTreeSet::new();
            for seed in forms.slices(last) {
                let total = bound.extents[last][seed.index];
                if total < 2 {
                    continue;
                }
                let Some(slices) = region::grow(seq, forms, l, r, seed) else { continue };
                if seen.insert(slices.iter().map(|(id, s)| (*id, s.index)).collect()) {
                    chunked(seq, (l, r), &slices, total, target, &mut candidates);
                }
            }
        }
    }
    candidates
}

/// One node, whole.
fn whole(
    seq: &Sequence,
    l: usize,
    target: &Target,
    fronts: &BTreeMap<NodeId, Vec<Rc<Path>>>,
    out: &mut Vec<Candidate>,
) {
    let bound = &*seq.bound;
    let id = seq.order[l];
    let schedule = seq.schedule(l, l + 1, None, target);
    let live = schedule.profile().first().map_or(0, |p| p.0);
    let candidate = |layer, peak, time| Candidate { l, r: l + 1, loops: None, layer, peak, time };
    let Op::Repeat(repeat) = &bound.graph.nodes[id].op else {
        out.push(candidate(None, live, node_time(bound, id, target, None)));
        return;
    };
    // The carried results take over their operands' buffers, which the layer's own peak counts.
    let node = &bound.graph.nodes[id];
    let results: u64 = node.results.iter().map(|r| bound.bytes(r.value).next_multiple_of(super::ALIGNMENT)).sum();
    let unique: BTreeSet<usize> = node.operands.iter().map(|o| o.value).collect();
    let operands: u64 = unique.iter().map(|&v| bound.bytes(v).next_multiple_of(super::ALIGNMENT)).sum();
    let copied: u64 = (0..repeat.carried)
        .filter(|&k| carried_copy(seq, id, k))
        .map(|k| bound.bytes(node.operands[k].value).next_multiple_of(super::ALIGNMENT))
        .sum();
    let around = (live - results).saturating_sub(operands) + copied;
    let count = repeat.count.eval(&bound.sizes).expect("checked when bound");
    for path in &fronts[&id] {
        out.push(candidate(Some(Rc::clone(path)), around + path.peak, count * path.time));
    }
}

/// Whether a carried operand must be copied first: something else reads it, or it stands twice.
pub(super) fn carried_copy(seq: &Sequence, id: NodeId, k: usize) -> bool {
    let operands = &seq.bound.graph.nodes[id].operands;
    let value = operands[k].value;
    let twice = operands.iter().filter(|o| o.value == value).count() > 1;
    twice || seq.last_use[value] > seq.position[id]
}

/// A loop, for each chunk size of the ladder.
fn chunked(
    seq: &Sequence,
    (l, r): (usize, usize),
    slices: &Slices,
    total: u64,
    target: &Target,
    out: &mut Vec<Candidate>,
) {
    let bound = &*seq.bound;
    let schedule = seq.schedule(l, r, Some(slices), target);
    let profile = schedule.profile();
    let before: u64 = schedule.before.iter().map(|&id| node_time(bound, id, target, None)).sum();
    let mut last: Option<(u64, u64)> = None;
    for chunk in ladder(total) {
        let peak = profile.iter().map(|(whole, each)| whole + each * chunk).max().unwrap_or(0);
        let (turns, tail) = (total / chunk, total % chunk);
        let turn = |positions: u64| -> u64 {
            schedule.body.iter().map(|id| node_time(bound, *id, target, Some((slices[id].index, positions)))).sum()
        };
        let time = before + turns * turn(chunk) + if tail > 0 { turn(tail) } else { 0 };
        // Smaller chunks are only worth keeping while they save memory.
        if last.is_some_and(|(p, t)| peak >= p && time >= t) {
            continue;
        }
        last = Some((peak, time));
        let loops = Some((Rc::clone(slices), total, chunk));
        out.push(Candidate { l, r, loops, layer: None, peak, time });
    }
}

/// Chunk sizes tried: the extent in 2, 4, 8, … equal parts, down to 1.
fn ladder(total: u64) -> Vec<u64> {
    let mut sizes = Vec::new();
    let mut parts = 2;
    while parts < total {
        sizes.push(total.div_ceil(parts));
        parts *= 2;
    }
    sizes.push(1);
    sizes.dedup();
    sizes
}
