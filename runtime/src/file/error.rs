//! What is wrong with a file of tensors, in one line that names the file and the tensor.

use std::path::PathBuf;

/// What is wrong with a tensor file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read or written, or is something else.
    #[error("{}: {problem}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A tensor that is not there.
    #[error("{}: there is no tensor `{name}`; it holds {known}", .file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// The tensor.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// A tensor whose numbers cannot be used.
    #[error("{}: tensor `{name}` {problem}", .file.display())]
    Tensor {
        /// The file.
        file: PathBuf,
        /// The tensor.
        name: String,
        /// What is wrong.
        problem: String,
    },
}
