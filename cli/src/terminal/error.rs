//! What ends a command: one line, whatever went wrong.

use std::path::PathBuf;

use crease_core::ir::ExtentError;
use crease_core::lang::ModelError;
use crease_core::plan::{PlanError, PlanFault};
use crease_core::units::format_bytes;
use crease_models::checkpoint::{ConvertError, FileError, StoreError};
use crease_models::features::MsaError;
use crease_models::fold::{SequenceError, VocabularyError};
use crease_models::output::OutputError;
use crease_models::structure::{ScoreError, StructureError};
use crease_runtime::{RunError, WeightsError};

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// An argument that does not fit the model, or the others.
    #[error("{0}")]
    Usage(String),
    /// An alignment that cannot be read, or is too large for its features.
    #[error(transparent)]
    Alignment(#[from] MsaError),
    /// A structure that cannot be read.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// Sequences that cannot be folded.
    #[error(transparent)]
    Sequences(#[from] SequenceError),
    /// An encoder's tokens that cannot be read.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// Structures that have nothing to compare.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// An output file that cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A checkpoint that was not made of another.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// A tensor file that cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Trained weights that are not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Settings or sizes that a model does not take.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A size that is none.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// No plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A plan that must not run.
    #[error("the plan is malformed, which is a bug: {0}")]
    Fault(#[from] PlanFault),
    /// No plan, where there is one with values between operations in fewer bits.
    #[error("{error}; with --precision bf16 it needs {}", format_bytes(*.smallest))]
    Precision {
        /// Why there is none.
        error: PlanError,
        /// The smallest budget then, bytes.
        smallest: u64,
    },
    /// A plan that cannot run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Weights that do not fit the model.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A tensor of another shape than the model's.
    #[error("{}: tensor `{name}` must be {expected:?} ({symbols}), found {found:?}", .file.display())]
    Shape {
        /// The file.
        file: PathBuf,
        /// The tensor.
        name: String,
        /// The model's shape.
        expected: Vec<u64>,
        /// The model's shape in its own words.
        symbols: String,
        /// The file's shape.
        found: Vec<usize>,
    },
    /// An output with numbers that are not finite.
    #[error(
        "output `{output}` has {count} of {of} numbers that are not finite, the first is {value} at element {element}: \
         inputs, weights or settings are too large for 32-bit floats; no output was written"
    )]
    NotFinite {
        /// The output.
        output: String,
        /// How many such numbers it has.
        count: usize,
        /// How many numbers it has.
        of: usize,
        /// The first of them.
        value: f32,
        /// Its place, row-major.
        element: usize,
    },
    /// The terminal or pipe went away.
    #[error("the results cannot be printed: {0}")]
    Print(std::io::Error),
}

/// Shorthand for usage errors.
pub fn usage(text: impl Into<String>) -> CliError {
    CliError::Usage(text.into())
}
