//! The files of one command: what it reads must not be written, and what it writes must be written once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::error::{OutputError, OutputProblem};
use super::file::OutputFile;
use super::place::{Identity, Place};

/// What a command reads and writes so far.
#[derive(Debug, Default)]
pub struct Files {
    known: HashMap<Identity, Known>,
}

#[derive(Clone, Debug)]
struct Known {
    /// The option or argument that names it.
    option: &'static str,
    path: PathBuf,
    written: bool,
}

impl Files {
    /// A command that reads and writes nothing yet.
    pub fn new() -> Files {
        Files::default()
    }

    /// The command reads files, which `option` names (`--weights`).
    ///
    /// # Errors
    /// One of them is one of the outputs.
    pub fn reads(
        &mut self,
        option: &'static str,
        paths: impl IntoIterator<Item = impl AsRef<Path>>,
    ) -> Result<(), OutputError> {
        paths.into_iter().try_for_each(|path| self.reads_one(option, path.as_ref()))
    }

    fn reads_one(&mut self, option: &'static str, path: &Path) -> Result<(), OutputError> {
        for identity in Place::identities(path) {
            let known = self.known.entry(identity).or_insert_with(|| Known::new(option, path, false));
            if known.written {
                let problem = OutputProblem::OverInput { output: known.option, input: option, read: path.into() };
                return Err(OutputError::new(&known.path, problem));
            }
        }
        Ok(())
    }

    /// The command writes a file, which `option` names (`--output`): it is neither read nor written otherwise, and can be
    /// made there.
    ///
    /// # Errors
    /// It is one of the inputs or outputs, a directory, or a place where nothing can be made.
    pub fn writes(&mut self, option: &'static str, path: &Path) -> Result<OutputFile, OutputError> {
        let identities = Place::identities(path);
        if let Some(Known { option: other, path: there, written }) =
            identities.iter().find_map(|identity| self.known.get(identity)).cloned()
        {
            let problem = match written {
                true => OutputProblem::Twice { output: option, other, written: there },
                false => OutputProblem::OverInput { output: option, input: other, read: there },
            };
            return Err(OutputError::new(path, problem));
        }
        self.known.extend(identities.into_iter().map(|identity| (identity, Known::new(option, path, true))));
        OutputFile::new(path)
    }
}

impl Known {
    fn new(option: &'static str, path: &Path, written: bool) -> Known {
        Known { option, path: path.to_path_buf(), written }
    }
}
