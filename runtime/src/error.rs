//! Why a plan did not run.

use crease_core::plan::PlanFault;

use crate::arena::ArenaError;
use crate::weights::WeightsError;

/// Why a plan did not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The arena was refused.
    #[error(transparent)]
    Arena(#[from] ArenaError),
    /// A weight is missing or wrong.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A kernel could not be built.
    #[error("a kernel could not be built: {0}")]
    Kernel(String),
    /// The plan must not run.
    #[error("the plan is malformed: {0}")]
    Plan(#[from] PlanFault),
    /// The plan is for a machine with other needs.
    #[error(
        "the plan was made for {} threads with {} bytes of working memory each; this machine has {} and needs {}: plan again for this machine",
        .planned[0], .planned[1], .needed[0], .needed[1]
    )]
    Target {
        /// Threads planned for, and bytes of working memory of a contraction for each.
        planned: [u64; 2],
        /// Threads there are, and the bytes that each needs.
        needed: [u64; 2],
    },
    /// No such input or output.
    #[error("there is no {kind} `{name}`: there are {known}")]
    NoSuchPort {
        /// `input` or `output`.
        kind: &'static str,
        /// As asked.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// An input of the wrong number of elements.
    #[error("input `{name}` takes {expected} elements {shape:?}, found {found}")]
    Elements {
        /// The input.
        name: String,
        /// Elements of its shape.
        expected: u64,
        /// Its shape.
        shape: Vec<u64>,
        /// Elements given.
        found: usize,
    },
}

impl RunError {
    pub(crate) fn kernel(error: impl std::fmt::Display) -> RunError {
        RunError::Kernel(error.to_string())
    }
}
