//! Why an output file is not written.

use std::path::{Path, PathBuf};

/// An output file that cannot be written: the file as the user named it, and the problem.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", .file.display())]
pub struct OutputError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong.
    pub problem: OutputProblem,
}

/// What is wrong with an output file.
#[derive(Debug, thiserror::Error)]
pub enum OutputProblem {
    /// A path that ends in no name.
    #[error("expected the name of an output file")]
    NoName,
    /// A directory.
    #[error("is a directory, expected the name of an output file")]
    Directory,
    /// A path into a directory that does not exist.
    #[error("cannot be written: there is no directory `{}`", .0.display())]
    NoDirectory(PathBuf),
    /// The system refused.
    #[error("cannot be written: {0}")]
    Io(#[source] std::io::Error),
    /// A file that the command reads.
    #[error("{output} would overwrite {}, which is read as {input}: name another file", .read.display())]
    OverInput {
        /// The option that names the output.
        output: &'static str,
        /// The option or argument that names the input.
        input: &'static str,
        /// The input as the user named it.
        read: PathBuf,
    },
    /// A file that the command writes already.
    #[error("{output} and {other} are the same file ({}): name one for each", .written.display())]
    Twice {
        /// The option that names the output.
        output: &'static str,
        /// The option that names the other.
        other: &'static str,
        /// The other as the user named it.
        written: PathBuf,
    },
}

impl OutputError {
    pub(super) fn new(file: &Path, problem: OutputProblem) -> OutputError {
        OutputError { file: file.to_path_buf(), problem }
    }

    pub(super) fn io(file: &Path, error: std::io::Error) -> OutputError {
        OutputError::new(file, OutputProblem::Io(error))
    }
}
