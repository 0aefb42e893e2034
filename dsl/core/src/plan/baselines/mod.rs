//! Baselines that the planner is compared with: the program as written, hand-set policies, a published search, an
//! exhaustive one.
//!
//! Every baseline's choice becomes a [`Plan`](super::Plan) of the same nodes under the same cost model, so that the
//! same runtime can run it. No user's plan is made here.

mod autochunk;
mod eager;
mod error;
mod exhaustive;
mod fixed;
mod schedule;
mod splits;
mod whole;

pub use autochunk::{AutoChunk, Stop, autochunk};
pub use eager::{Naive, NaiveValue, eager, naive_peak};
pub use error::RivalError;
pub use exhaustive::Exhaustive;
pub use fixed::{Region, fixed};
pub use whole::{naive, naive_time, written};
