//! From a file to a structure, whatever its format.

use std::path::Path;

use super::error::{Place, StructureError, StructureProblem};
use super::{Structure, cif, pdb};
use crate::plain::expect_plain;
use crate::shown::shown;

/// How a file writes a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Records of fixed columns: `.pdb`, `.ent`.
    Pdb,
    /// Tables of named columns: `.cif`, `.mmcif`.
    Cif,
}

impl Format {
    /// The format that a file's name says.
    ///
    /// # Errors
    /// It says none.
    pub fn of(path: impl AsRef<Path>) -> Result<Format, StructureError> {
        let path = path.as_ref();
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let hint = match extension.as_deref() {
            Some("pdb" | "ent") => return Ok(Format::Pdb),
            Some("cif" | "mmcif") => return Ok(Format::Cif),
            Some("gz") => " (unpack it first)",
            _ => "",
        };
        Err(Place { file: &path.to_string_lossy(), line: 0 }.error(StructureProblem::UnknownType { hint }))
    }
}

impl Structure {
    /// Reads a PDB or mmCIF file.
    ///
    /// # Errors
    /// A file that cannot be read, is neither, or is no whole one: the error names file and line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, StructureError> {
        let path = path.as_ref();
        let file = path.to_string_lossy();
        let fail = |problem: &str| Place { file: &file, line: 0 }.error(StructureProblem::Io(shown(problem)));
        expect_plain(path).map_err(|error| fail(&error.to_string()))?;
        let format = Format::of(path)?;
        let bytes = std::fs::read(path).map_err(|error| fail(&error.to_string()))?;
        Self::parse(format, &bytes, &file)
    }

    /// Reads the text of a file, which is named `file` in errors.
    ///
    /// # Errors
    /// As in [`Structure::read`].
    pub fn parse(format: Format, bytes: &[u8], file: &str) -> Result<Self, StructureError> {
        // Names of authors in old files are in any encoding; atoms are ASCII.
        let text = String::from_utf8_lossy(bytes);
        match format {
            Format::Pdb => pdb::read(&text, file),
            Format::Cif => cif::read(&text, file),
        }
    }
}
