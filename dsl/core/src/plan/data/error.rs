//! Why there is no plan.

use crate::ir::{ExtentError, SpecError};
use crate::units::format_bytes;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A size is missing or out of range.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// A slice that ends beyond its axis.
    #[error("`{origin}` takes positions {from}..{end} of an axis of size {size}")]
    Slice {
        /// The operation.
        origin: String,
        /// First position.
        from: u64,
        /// One after the last position.
        end: u64,
        /// Extent of the axis.
        size: u64,
    },
    /// A tensor of more bytes than can be counted.
    #[error("`{name}` would have {elements} elements, more than this machine can address")]
    TooLarge {
        /// The value.
        name: String,
        /// Its elements.
        elements: String,
    },
    /// The budget cannot be met.
    #[error(
        "`{name}` does not fit {}: it needs at least {} ({smallest} bytes), bound by `{operation}`",
        format_bytes(*.budget), format_bytes(*.smallest)
    )]
    Budget {
        /// The program.
        name: String,
        /// The budget, bytes.
        budget: u64,
        /// The smallest budget this planner meets, bytes.
        smallest: u64,
        /// The operation that runs at the fullest moment of the leanest plan.
        operation: String,
    },
    /// The graph is malformed: a bug.
    #[error("the graph is malformed, which is a bug: {0}")]
    Spec(#[from] SpecError),
}
