//! What the planner is measured against: hand-set policies, a published search, an exhaustive one.
//!
//! Every rival's choice becomes a [`Plan`] of the same nodes under the same cost model, so that the same
//! runtime can run it. None of this is on a user's way to a plan.

mod autochunk;
mod exhaustive;
mod fixed;
mod splits;

pub use autochunk::{AutoChunk, Stop, autochunk};
pub use exhaustive::Exhaustive;
pub use fixed::{Region, fixed};

use super::schedule::{Program, whole};
use super::{Plan, PlanError, Target};
use crate::ir::{Graph, Op, Sizes};

/// Why a rival has no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RivalError {
    /// No plan at these sizes, for anybody.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Rivals plan one layer.
    #[error("rivals do not plan loops over layers")]
    Layers,
    /// A hand-set region that is no loop of this graph.
    #[error("no loop from `{first}` to `{last}` splits axis {axis}")]
    Region {
        /// Where it was to begin.
        first: String,
        /// Where it was to end.
        last: String,
        /// The axis that was to be split.
        axis: usize,
    },
}

/// The naive program's own plan: every node whole, as written.
///
/// # Errors
/// See [`RivalError`].
pub fn naive(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Plan, RivalError> {
    let program = program(graph, sizes, target)?;
    let order = program.written();
    let stretches = whole(&program.piece(order.clone()));
    Ok(program.plan(order, &stretches))
}

fn program(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Program, RivalError> {
    match graph.nodes.iter().any(|n| matches!(n.op, Op::Repeat(_))) {
        true => Err(RivalError::Layers),
        false => Ok(Program::new(graph, sizes, target)?),
    }
}
