//! The planner's interface: plans for budgets, the choices made and their alternatives.

mod budget;
mod choice;
mod curve;
mod explored;

pub use budget::{Planner, Request, plan};
pub use choice::{Choice, Way, WayLoop};
pub use curve::CurvePoint;
pub use explored::Explored;
