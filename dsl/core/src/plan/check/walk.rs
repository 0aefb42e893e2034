//! Where the check is among a plan's steps: the loops around a call, and what ran before it.

use cranelift_entity::PrimaryMap;

use crate::plan::data::{LoopId, Plan};

/// An enclosing loop.
#[derive(Clone, Copy)]
pub(super) enum Open {
    /// A chunk loop over so many positions, at most so many per iteration.
    Chunk { total: u64, turn: u64 },
    /// A loop over layers.
    Layers,
}

/// The state of the walk.
pub(super) struct Walk<'p> {
    pub(super) plan: &'p Plan,
    /// The loops around, by counter.
    pub(super) open: PrimaryMap<LoopId, Option<Open>>,
    /// The layer loops around with their counts, outermost first.
    pub(super) layers: Vec<(LoopId, u64)>,
    /// Counters that have a loop.
    pub(super) used: PrimaryMap<LoopId, bool>,
    /// How often what is here runs.
    pub(super) turns: u64,
    /// Kernel calls and iterations of a run so far.
    pub(super) calls: u64,
    /// The moment of the last call.
    pub(super) moment: u64,
}
