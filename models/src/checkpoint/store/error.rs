//! Why weights are not there.

use std::path::{Path, PathBuf};

use crate::checkpoint::{ConvertError, FileError};
use crate::output::{OutputError, OutputProblem};

/// What keeps weights from being found or made ready.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nowhere to look.
    #[error("there is no home directory to keep weights in: set XDG_CACHE_HOME, or name a directory")]
    NoCache,
    /// A file that is not there.
    #[error("{}: {what}; {advice}", .place.display())]
    Missing {
        /// Where it was looked for.
        place: PathBuf,
        /// What is missing.
        what: String,
        /// What gets it.
        advice: String,
    },
    /// A file that cannot be read, or is something else.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Wheels that pip did not fetch.
    #[error("{0}")]
    Pip(String),
    /// A licence that was not accepted.
    #[error("the licence was not accepted; nothing was kept")]
    Declined,
    /// A user who ended the command.
    #[error("interrupted; nothing was kept")]
    Interrupted,
    /// A file of other bytes than were published.
    #[error("{}: {what} is damaged or another one: its SHA-256 is {found}, expected {expected}", .file.display())]
    Checksum {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        what: String,
        /// Its checksum.
        found: String,
        /// The one that was published.
        expected: String,
    },
}

/// Shorthand for what is wrong with a file.
pub(super) fn file_error(file: &Path, problem: impl Into<String>) -> StoreError {
    FileError::File { file: file.to_path_buf(), problem: problem.into() }.into()
}

/// A failure to write, as every writer here tells it.
pub(super) fn cannot_write(file: &Path, error: std::io::Error) -> StoreError {
    OutputError { file: file.to_path_buf(), problem: OutputProblem::Io(error) }.into()
}

impl From<ConvertError> for StoreError {
    fn from(error: ConvertError) -> Self {
        match error {
            ConvertError::Source(error) => error.into(),
            ConvertError::Output(error) => error.into(),
        }
    }
}
