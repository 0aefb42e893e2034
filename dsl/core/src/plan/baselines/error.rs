//! Why a baseline has no plan.

use crate::plan::data::PlanError;

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
