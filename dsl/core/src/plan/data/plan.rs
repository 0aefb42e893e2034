//! A plan: the complete description of a run before it starts.

use cranelift_entity::PrimaryMap;
use serde::{Deserialize, Serialize};

use super::id::{KernelId, ParamId, SlotId};
use super::memory::Memory;
use super::param::PlanParam;
use super::slot::Slot;
use super::step::Step;
use crate::ir::Sizes;
use crate::kernel::Kernel;
use crate::plan::machine::Target;

/// The complete description of a run, before it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The program.
    pub name: String,
    /// The sizes it is planned for.
    pub sizes: Sizes,
    /// The bytes it may hold, if limited.
    pub budget: Option<u64>,
    /// The machine it is planned for.
    pub target: Target,
    /// Every buffer of the arena.
    #[serde(with = "crate::id::list")]
    pub slots: PrimaryMap<SlotId, Slot>,
    /// The inputs, and where they are copied to.
    pub inputs: Vec<PlanPort>,
    /// The outputs, and where they are at the end.
    pub outputs: Vec<PlanPort>,
    /// Weights, held outside the arena.
    #[serde(with = "crate::id::list")]
    pub params: PrimaryMap<ParamId, PlanParam>,
    /// The distinct kernels that steps call.
    #[serde(with = "crate::id::list")]
    pub kernels: PrimaryMap<KernelId, Kernel>,
    /// How many loops (chunks and layers) there are; each has its own counter.
    pub loops: usize,
    /// What runs, in order.
    pub steps: Vec<Step>,
    /// The memory it uses.
    pub memory: Memory,
    /// Predicted time in nanoseconds: a model, not a promise.
    pub time: u64,
    /// The part of it spent in each moment, over all iterations of the loops around it.
    pub times: Vec<u64>,
    /// The pieces in which it was planned, in order.
    pub pieces: Vec<PlanPiece>,
}

/// A piece of a plan: its moments and the chosen way to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPiece {
    /// Its number among the parts of the program and the number of the chosen way, then of the layer's parts if
    /// it is in a layer. [`crate::plan::Planner::choices`] reads it.
    pub chosen: Vec<(usize, usize)>,
    /// Its first moment.
    pub first: u64,
    /// Its last moment.
    pub last: u64,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPort {
    /// The name known to the caller.
    pub name: String,
    /// Extents.
    pub shape: Vec<u64>,
    /// Its buffer, dense and row-major.
    pub slot: SlotId,
}
