//! What can be wrong with a structure file, each in one line.

use thiserror::Error;

/// A structure file that cannot be read or written: the file, the line, the problem.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{file}: {}{problem}", if *line > 0 { format!("line {line}: ") } else { String::new() })]
pub struct StructureError {
    /// The file as the caller named it.
    pub file: String,
    /// Line number from 1; 0 where no line is meant.
    pub line: usize,
    /// What is wrong there.
    pub problem: StructureProblem,
}

/// The ways a structure file can be wrong. Columns count from 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StructureProblem {
    /// The operating system did not hand the file over.
    #[error("cannot read the file: {0}")]
    Io(String),
    /// The operating system did not take the file.
    #[error("{0}")]
    Output(String),
    /// A name that says no format.
    #[error("unknown file type, expected a name that ends in .pdb, .ent, .cif or .mmcif{hint}")]
    UnknownType {
        /// What to do about it; may be empty.
        hint: &'static str,
    },
    /// Not one atom.
    #[error("expected atoms ({expected}), found none")]
    NoAtoms {
        /// Where atoms would stand in this format.
        expected: &'static str,
    },
    /// A PDB record that ends before its coordinates.
    #[error("expected coordinates in columns 31 to 54, found a record of {found} columns (is it truncated?)")]
    ShortRecord {
        /// How long it is.
        found: usize,
    },
    /// A PDB record in which columns cannot be counted.
    #[error("expected only ASCII characters in the record of an atom")]
    NotAscii,
    /// A field that does not hold what it must.
    #[error("expected {expected} in {place}, found `{found}`")]
    Field {
        /// What it must hold.
        expected: &'static str,
        /// The columns, or the name of the column.
        place: &'static str,
        /// What it holds.
        found: String,
    },
    /// One atom twice.
    #[error("atom `{atom}` of residue {residue} stands in the file twice")]
    Repeated {
        /// The atom's name.
        atom: String,
        /// Name, chain and number of its residue.
        residue: String,
    },
    /// An mmCIF table of atoms that lacks a column.
    #[error("expected a column `{column}` in the table of atoms, found none")]
    NoColumn {
        /// Its name.
        column: &'static str,
    },
    /// An mmCIF table that ends inside a row.
    #[error("expected {expected} values in a row of the table of atoms, found {found} (is it truncated?)")]
    Ragged {
        /// How many columns there are.
        expected: usize,
        /// How many values the last row has.
        found: usize,
    },
    /// An mmCIF value without an end.
    #[error("expected {expected} at the end of a text, found the end of the {of}")]
    Unclosed {
        /// The closing character, in words.
        expected: &'static str,
        /// Line or file.
        of: &'static str,
    },
    /// A structure that PDB's columns are too narrow for.
    #[error("does not fit the PDB format: {0}; write mmCIF (.cif)")]
    TooWide(String),
}

/// A line of a file: where an error is reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    /// From 1; 0 where no line is meant.
    pub(super) line: usize,
}

impl Place<'_> {
    pub(super) fn error(self, problem: StructureProblem) -> StructureError {
        StructureError { file: self.file.escape_debug().to_string(), line: self.line, problem }
    }

    /// A number that must stand in a field, of a size that can be reckoned with.
    pub(super) fn number(self, field: &str, place: &'static str) -> Result<f64, StructureError> {
        let parsed = field.parse().ok().filter(|number: &f64| number.abs() < 1e9);
        parsed.ok_or_else(|| self.field("a number", place, field))
    }

    /// A whole number that must stand in a field.
    pub(super) fn whole(self, field: &str, place: &'static str) -> Result<i32, StructureError> {
        field.parse().map_err(|_| self.field("a whole number", place, field))
    }

    pub(super) fn field(self, expected: &'static str, place: &'static str, found: &str) -> StructureError {
        self.error(StructureProblem::Field { expected, place, found: crate::shown::shown(found) })
    }
}
