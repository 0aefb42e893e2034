//! The parts of a program with the Pareto-optimal ways to run each; a path takes one of each.
//!
//! At a cut, and between the stretches of a piece, what crosses is whole. So the peak of a plan is the
//! largest of its stretches' and its time their sum: the best path under a limit is exact over what was
//! enumerated and monotone in the limit by construction.

use std::rc::Rc;

use super::candidate::Candidate;
use crate::ir::{NodeId, PerValue};
use crate::plan::data::ALIGNMENT;
use crate::plan::tree::{Bound, Piece};

/// Points of a layer's time and memory front.
const FRONT: usize = 48;

/// More memory is worth using if it saves more than this part of the fastest time: predictions are no better, and
/// memory that is not touched saves time that they do not model.
const WORTH: u64 = 100;

/// A way to run a piece.
pub(in crate::plan) struct Way {
    /// Which of the piece's graphs and orders.
    pub variant: usize,
    /// Its stretches, in order.
    pub stretches: Vec<Rc<Candidate>>,
    pub peak: u64,
    pub time: u64,
}

/// The candidates of one graph of a part: its stretches, and the minimum peak over them.
pub(in crate::plan) struct Tried {
    pub stretches: Vec<Rc<Candidate>>,
    pub smallest: u64,
}

/// A part whose nested loops were not tried yet: the candidates of each of its graphs.
pub(in crate::plan) struct Flat(pub Vec<Tried>);

/// A part of a program and the ways to run it.
pub(in crate::plan) enum Part {
    /// Nodes, as equivalent graphs.
    Nodes {
        variants: Vec<Piece>,
        ways: Vec<Way>,
        flat: Option<Flat>,
        /// Bytes alive outside it.
        around: u64,
    },
    /// A loop over layers; a way is a path of the layer.
    Layers {
        id: NodeId,
        stays: PerValue<bool>,
        inner: Box<Search>,
        ways: Vec<LayersWay>,
        load: Load,
        /// Bytes alive outside it.
        around: u64,
    },
}

/// Whether the weights of loops over layers are held or streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Weights {
    /// All layers' are held.
    Held,
    /// One layer's are in the arena, read again for each layer.
    Streamed,
}

/// The cost of streaming the weights of a loop over layers; none where they cannot be streamed.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::plan) struct Load {
    /// Bytes of one layer's weights.
    pub bytes: u64,
    /// Nanoseconds to read those of one layer.
    pub time: u64,
    pub layers: u64,
}

/// A way to run a loop over layers.
pub(in crate::plan) struct LayersWay {
    pub path: Rc<Path>,
    pub peak: u64,
    pub time: u64,
}

/// A way for each part.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Path {
    pub picks: Vec<usize>,
    pub peak: u64,
    pub time: u64,
    pub weights: Weights,
}

/// Everything that was enumerated for a graph.
pub(in crate::plan) struct Search {
    pub bound: Rc<Bound>,
    pub parts: Vec<Part>,
}

impl Search {
    /// Whether the weights of its loops over layers can be streamed.
    pub(in crate::plan) fn can_stream(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Layers { load, .. } if load.bytes > 0))
    }

    /// The fastest path whose parts all stay within `limit` live bytes.
    pub(in crate::plan) fn best(&self, limit: u64, weights: Weights) -> Option<Path> {
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
    pub(in crate::plan) fn smallest(&self, weights: Weights) -> u64 {
        self.parts.iter().map(|part| part.smallest(weights)).max().unwrap_or(0)
    }

    /// The useful limits, rising: each makes some part faster than the one before. The last one is the first
    /// that is about as fast as no limit.
    pub(in crate::plan) fn limits(&self, weights: Weights) -> Vec<u64> {
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
    pub(in crate::plan) fn front(&self, weights: Weights) -> Vec<Rc<Path>> {
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

    pub(in crate::plan) fn smallest(&self, weights: Weights) -> u64 {
        (0..self.len()).map(|k| self.way(k, weights).0).min().unwrap_or(0)
    }
}

/// Bytes of a graph's inputs.
pub(in crate::plan) fn inner_inputs(search: &Search) -> u64 {
    let inputs = search.bound.graph.inputs.iter();
    inputs.map(|p| search.bound.bytes(p.value).next_multiple_of(ALIGNMENT)).sum()
}
