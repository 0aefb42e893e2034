//! What a plan is, as data and as text. Nothing here knows how plans are made.

mod error;
mod id;
mod listing;
mod memory;
mod param;
mod plan;
mod slot;
mod step;
mod text;
mod walk;

pub use error::PlanError;
pub use id::{KernelId, LoopId, ParamId, SlotId};
pub use memory::Memory;
pub use param::PlanParam;
pub(in crate::plan) use param::held;
pub use plan::{Plan, PlanPiece, PlanPort};
pub use slot::{ALIGNMENT, Slot, SlotKind};
pub use step::{Base, Call, Length, Place, Step};
pub use walk::{Around, Walk};
