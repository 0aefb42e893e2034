//! Structures to text, and text to files that are whole or not there.

mod cif;
mod pdb;

use std::path::Path;

use super::error::{Place, StructureError, StructureProblem};
use super::{Format, Structure};
use crate::output::{OutputError, OutputFile};

fn unwritten(path: &Path, error: &OutputError) -> StructureError {
    Place { file: &path.to_string_lossy(), line: 0 }.error(StructureProblem::Output(error.problem.to_string()))
}

impl Structure {
    /// Writes a file in the format that its name says. Chains, numbers, names, occupancies and B-factors are kept.
    ///
    /// # Errors
    /// A name that says no format, a structure that does not fit it, or a disk that is full; then nothing is left.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), StructureError> {
        let path = path.as_ref();
        Format::of(path)?;
        self.write_to(OutputFile::new(path).map_err(|error| unwritten(path, &error))?)
    }

    /// The same where the file's place is known to be fit for it.
    ///
    /// # Errors
    /// As [`Structure::write`].
    pub fn write_to(&self, output: OutputFile) -> Result<(), StructureError> {
        let path = output.path().to_path_buf();
        let fail = |problem| Place { file: &path.to_string_lossy(), line: 0 }.error(problem);
        let text = match Format::of(&path)? {
            Format::Pdb => self.to_pdb().map_err(fail)?,
            Format::Cif => self.to_cif(&path.file_stem().unwrap_or_default().to_string_lossy()),
        };
        output.write_text(&text).map_err(|error| unwritten(&path, &error))
    }

    /// The text of a PDB file.
    ///
    /// # Errors
    /// A name, a number or a position that is too wide for its columns.
    pub fn to_pdb(&self) -> Result<String, StructureProblem> {
        pdb::write(self)
    }

    /// The text of an mmCIF file whose entry has this name.
    pub fn to_cif(&self, name: &str) -> String {
        cif::write(self, name)
    }
}
