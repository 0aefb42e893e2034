//! Why a baseline has no plan.

use crate::plan::data::PlanError;

/// Why a baseline has no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RivalError {
    /// No planner has a plan at these sizes.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Baselines plan a single layer.
    #[error("baselines do not plan loops over layers")]
    Layers,
    /// A given region that cannot be a loop in this graph.
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
