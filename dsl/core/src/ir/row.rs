//! Operations over whole rows.

use serde::{Deserialize, Serialize};

/// What is computed over a row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum RowOp {
    /// `Σ x`; consumes the row; 0 for an empty row.
    Sum,
    /// `max x`; consumes the row; −∞ for an empty row.
    Max,
    /// `e^(x−max) / Σ e^(x−max)` for each element.
    Softmax,
    /// `(x−mean) / √(variance+ε)` for each element, biased variance.
    Normalize {
        /// Added to the variance.
        epsilon: f64,
    },
}

impl RowOp {
    /// Floating-point operations per element.
    pub fn flops(self) -> u64 {
        match self {
            RowOp::Sum | RowOp::Max => 1,
            RowOp::Softmax => 4,
            RowOp::Normalize { .. } => 5,
        }
    }

    /// Whether the row's indices are gone from the result.
    pub fn consumes(self) -> bool {
        matches!(self, RowOp::Sum | RowOp::Max)
    }
}
