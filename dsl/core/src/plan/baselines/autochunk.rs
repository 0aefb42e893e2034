//! AutoChunk's search (Zhao et al., "AutoChunk: Automated Activation Chunk for Memory-Efficient Long Sequence
//! Inference", 2024), as its authors published it, failures included.
//!
//! The fullest operation is found; around it every chunk flow of one axis, not nested, that splits no fold is
//! a candidate; of those that fit in turns of one position the one over the fewest operations is taken; its
//! size is doubled until it no longer fits and then halved in. That repeats until the budget is met or no
//! candidate is left. The order is the written one, nothing is recomputed.

use super::error::RivalError;
use super::schedule::{Moment, Program, Stretch, live, looped, program, total, whole};
use crate::ir::{Graph, Op, Sizes};
use crate::plan::data::Plan;
use crate::plan::machine::Target;
use crate::plan::tree::{Life, Piece, Slices, region};
use crate::rules::Join;

/// How the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Live bytes are within the budget, or there was none.
    Met,
    /// No legal region around the fullest operation fits, and the budget is not met.
    NoRegion,
    /// The search for a size ended on one that is over the budget.
    Overshot {
        /// The size.
        chunk: u64,
    },
}

/// What the search found.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoChunk {
    /// Its plan, whether it keeps the budget or not.
    pub plan: Plan,
    /// How many regions are chunked.
    pub regions: usize,
    /// How it ended.
    pub stop: Stop,
}

/// The plan that AutoChunk makes for a budget in bytes, weights included; without one it goes for the least
/// memory.
///
/// # Errors
/// See [`RivalError`].
pub fn autochunk(graph: &Graph, sizes: &Sizes, target: &Target, budget: Option<u64>) -> Result<AutoChunk, RivalError> {
    let program = program(graph, sizes, target)?.explored();
    let arena = budget.map(|b| b.saturating_sub(program.weights()));
    let piece = program.piece(program.written());
    let mut state = State::new(&piece);
    let mut stop = Stop::NoRegion;
    while arena.is_none_or(|limit| state.highest() > limit) {
        let Some(chosen) = state.step(arena) else { break };
        let chunk = chosen.chunk;
        state.take(chosen);
        let over = arena.is_some_and(|limit| state.regions.last().is_some_and(|r| highest(&r.moments) > limit));
        stop = if over { Stop::Overshot { chunk } } else { Stop::NoRegion };
    }
    if arena.is_none_or(|limit| state.highest() <= limit) {
        stop = Stop::Met;
    }
    Ok(AutoChunk { plan: state.plan(&program), regions: state.regions.len(), stop })
}

/// A region that is chunked.
struct Chosen {
    stretch: Stretch,
    moments: Vec<Moment>,
    chunk: u64,
}

/// A region that could be chunked.
struct Possible {
    range: (usize, usize),
    slices: Slices,
    /// Most live bytes around it and in it with iterations of one position.
    highest: u64,
    /// Operations in it.
    length: usize,
}

struct State<'a> {
    piece: &'a Piece,
    /// Live bytes while each position of the order runs whole.
    alone: Vec<u64>,
    /// How many values are alive before each position.
    active: Vec<usize>,
    regions: Vec<Chosen>,
}

impl<'a> State<'a> {
    fn new(piece: &'a Piece) -> State<'a> {
        let alone = whole(piece).iter().map(|s| highest(&live(piece, s))).collect();
        let active = (0..=piece.order.len()).map(|at| piece.live_at(at).count()).collect();
        State { piece, alone, active, regions: Vec::new() }
    }

    fn region_at(&self, at: usize) -> Option<&Chosen> {
        self.regions.iter().find(|r| r.stretch.l <= at && at < r.stretch.r)
    }

    /// Most live bytes while positions of the order run that no region but chosen ones chunks.
    fn highest_of(&self, positions: impl Iterator<Item = usize>) -> u64 {
        let at = |at: usize| self.region_at(at).map_or(self.alone[at], |r| highest(&r.moments));
        positions.map(at).max().unwrap_or(0)
    }

    fn highest(&self) -> u64 {
        self.highest_of(0..self.alone.len())
    }

    /// The position that runs when most is alive.
    fn fullest(&self) -> usize {
        let alone = (0..self.alone.len()).filter(|&at| self.region_at(at).is_none()).map(|at| (self.alone[at], at));
        let chunked = self.regions.iter().flat_map(|r| &r.moments);
        let all = alone.chain(chunked.map(|m| (m.bytes, self.piece.position[m.node])));
        all.max_by_key(|&(bytes, at)| (bytes, std::cmp::Reverse(at))).map_or(0, |(_, at)| at)
    }

    /// The nodes around a position, from where no more is alive than at the start of the program to
    /// where that holds again, both ends included.
    fn enclosing(&self, peak: usize) -> (usize, usize) {
        let fewest = self.active.iter().copied().min().unwrap_or(0);
        let few = fewest.max(self.active[0]);
        let edge = |positions: &mut dyn Iterator<Item = usize>| {
            let narrow = positions.skip_while(|&at| self.active[at] > few);
            narrow.take_while(|&at| self.active[at] <= few).last()
        };
        let end = self.active.len() - 1;
        (edge(&mut (0..=peak).rev()).unwrap_or(0), edge(&mut (peak + 1..=end)).unwrap_or(end))
    }

    /// The next region; none where there is no legal one, or none that fits.
    fn step(&self, arena: Option<u64>) -> Option<Chosen> {
        let peak = self.fullest();
        if self.region_at(peak).is_some() {
            return None;
        }
        let mut possible = self.possible(peak, self.enclosing(peak));
        let (low, high) = (possible.iter().map(|p| p.range.0).min()?, possible.iter().map(|p| p.range.1).max()?);
        for p in &mut possible {
            let outside = (low..high).filter(|at| *at < p.range.0 || p.range.1 <= *at);
            p.highest = p.highest.max(self.highest_of(outside));
        }
        let best = match arena {
            Some(limit) => possible.into_iter().filter(|p| p.highest <= limit).min_by_key(|p| p.length)?,
            None => {
                let before = self.highest_of(low..high);
                possible.into_iter().min_by_key(|p| p.highest).filter(|p| p.highest < before)?
            }
        };
        let chunk = arena.map_or(1, |limit| self.size(&best, limit));
        let stretch = looped(self.piece, best.range, &best.slices, chunk);
        Some(Chosen { moments: live(self.piece, &stretch), stretch, chunk })
    }

    /// Every chunk flow over a position.
    fn possible(&self, peak: usize, (start, end): (usize, usize)) -> Vec<Possible> {
        let piece = self.piece;
        let is_view = |at: usize| piece.bound.graph.nodes[piece.order[at]].op == Op::View;
        let free = |l: usize, r: usize| self.regions.iter().all(|c| c.stretch.r <= l || r <= c.stretch.l);
        let mut found = Vec::new();
        for l in (start..=peak).filter(|&l| !is_view(l)) {
            for r in (peak + 1..=end).filter(|&r| !is_view(r - 1) && free(l, r)) {
                let last = piece.order[r - 1];
                for seed in piece.forms.slices(last) {
                    let flows = piece.bound.extents[last][seed.index] > 1;
                    let grown = flows.then(|| region::grow(piece, &piece.order[l..r], seed)).flatten();
                    // A dimension that is computed over ends the flow.
                    let Some(slices) =
                        grown.filter(|g| g.iter().all(|(_, slice)| matches!(slice.join, Join::Merge(_))))
                    else {
                        continue;
                    };
                    let length = (l..r).filter(|&at| !is_view(at)).count();
                    let highest = self.within((l, r), &slices, 1);
                    found.push(Possible { range: (l, r), slices, highest, length });
                }
            }
        }
        found
    }

    /// Most live bytes of a region for given positions per iteration.
    fn within(&self, range: (usize, usize), slices: &Slices, chunk: u64) -> u64 {
        let stretch = looped(self.piece, range, slices, 1);
        let profile = Life::of(self.piece, &stretch.items, range).profile();
        profile.iter().map(|p| p.at(chunk, 1)).max().unwrap_or(0)
    }

    /// The size of a region's iterations: doubled until it does not fit, then halved in. Where the halving ends
    /// is not tried, so it may be over the limit.
    fn size(&self, region: &Possible, limit: u64) -> u64 {
        let extent = total(&self.piece.bound, &region.slices);
        let fits = |chunk: u64| self.within(region.range, &region.slices, chunk) < limit;
        let mut chunk = 2;
        while fits(chunk) && chunk < extent {
            chunk *= 2;
        }
        let (mut left, mut right) = (chunk / 2, chunk);
        let gap = if left >= 16 { 4 } else { 1 };
        while right >= left + gap {
            let middle = (left + right).div_ceil(2);
            if fits(middle) {
                left = middle + gap;
            } else {
                right = middle.saturating_sub(gap);
            }
        }
        left.clamp(1, extent)
    }

    fn take(&mut self, chosen: Chosen) {
        self.regions.push(chosen);
    }

    fn plan(&self, program: &Program) -> Plan {
        let mut stretches = whole(self.piece);
        stretches.retain(|s| self.region_at(s.l).is_none());
        stretches.extend(self.regions.iter().map(|r| r.stretch.clone()));
        stretches.sort_by_key(|s| s.l);
        program.plan(self.piece.order.clone(), &stretches)
    }
}

fn highest(moments: &[Moment]) -> u64 {
    moments.iter().map(|m| m.bytes).max().unwrap_or(0)
}
