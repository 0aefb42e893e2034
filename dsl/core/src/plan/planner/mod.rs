//! What a user asks: plans for budgets, what was chosen and what else there was.

mod budget;
mod choice;
mod curve;
mod explored;

pub use budget::{Planner, Request, plan};
pub use choice::{Choice, Way, WayLoop};
pub use curve::CurvePoint;
pub use explored::Explored;
