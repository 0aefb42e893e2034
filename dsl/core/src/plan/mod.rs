//! The planner: a graph, sizes and a budget become a [`Plan`], or the reason there is none.
//!
//! A plan is the complete description of a run before it starts: every step in order, every buffer's
//! address, the peak to the byte. Limits are counts, costs are integers: the same input gives the
//! same plan on every machine.
//!
//! Rooms import downward only: `planner` → `emit` → `search` → `tree` → `data` → `machine`. `check` reads
//! data alone; `baselines` are above all and make no user's plan.

#[cfg(feature = "baselines")]
#[doc(hidden)]
pub mod baselines;
mod check;
mod data;
mod emit;
mod machine;
mod planner;
mod search;
mod tree;

#[cfg(feature = "baselines")]
pub use baselines::{Naive, NaiveValue, eager as naive, naive_peak};
pub use check::{Checked, PlanFault};
pub use data::{
    ALIGNMENT, Around, Base, Call, KernelId, Length, LoopId, Memory, ParamId, Place, Plan, PlanError, PlanParam,
    PlanPiece, PlanPort, Slot, SlotId, SlotKind, Step, Walk,
};
pub use machine::{InstructionSet, Table, TableError, Target};
pub use planner::{Choice, CurvePoint, Explored, Planner, Request, Way, WayLoop, plan};
