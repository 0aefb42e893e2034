//! What is wrong with weights, in one line that says where they were looked for.

use crate::file::FileError;

/// What is wrong with weights.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// A file that cannot be read, or a tensor in it.
    #[error(transparent)]
    File(#[from] FileError),
    /// A tensor is not there.
    #[error("{from}: there is no tensor `{name}` {shape:?}{near}")]
    Missing {
        /// Where it was looked for.
        from: String,
        /// The checkpoint name.
        name: String,
        /// Its shape.
        shape: Vec<u64>,
        /// The nearest name there is.
        near: String,
    },
    /// A tensor has another shape.
    #[error("{from}: tensor `{name}` must be {expected:?}, found {found:?}")]
    Shape {
        /// Where it is.
        from: String,
        /// The checkpoint name.
        name: String,
        /// Expected extents.
        expected: Vec<u64>,
        /// Extents found.
        found: Vec<usize>,
    },
    /// A tensor has a number that is not finite.
    #[error("{from}: tensor `{name}` has {value} at element {element}: weights must be finite")]
    NotFinite {
        /// Where it is.
        from: String,
        /// The checkpoint name.
        name: String,
        /// The number.
        value: f32,
        /// Its place, row-major.
        element: usize,
    },
    /// The plan reads weights from a file layer by layer, and they are in memory.
    #[error("the plan streams weight `{name}`, which is held in memory: plan again for weights that are held")]
    Held {
        /// The weight.
        name: String,
    },
    /// There is no memory for the weights that a plan holds.
    #[error("the weights need {bytes} bytes: {reason}")]
    Refused {
        /// The bytes asked for.
        bytes: usize,
        /// The system's reason.
        reason: String,
    },
}
