//! An alignment on the query's residues, whatever the format of its file.

use std::collections::TryReserveError;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::Path;

use super::error::AlignmentError;
use super::file::{AlignmentText, Format, Place};
use crate::plain::expect_plain;

/// One row of an [`Alignment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The name line without `>`; in Stockholm the name and its `DE` description.
    pub name: String,
    /// `A` to `Z` or `-`, one for each residue of the query.
    pub letters: Vec<u8>,
    /// Columns before which residues stand that are in none of the query's, and how many: few rows have any.
    pub(super) deletions: Box<[(u32, u32)]>,
}

impl Row {
    /// How many of the row's residues stand just before each column, in none of the query's.
    pub fn deletions(&self) -> impl Iterator<Item = u32> {
        dense(&self.deletions, self.letters.len())
    }
}

/// The count before each of so many columns, where only those that have any are given.
pub(super) fn dense(deletions: &[(u32, u32)], columns: usize) -> impl Iterator<Item = u32> {
    let mut sparse = deletions.iter().peekable();
    (0..columns).map(move |column| sparse.next_if(|(at, _)| *at as usize == column).map_or(0, |(_, count)| *count))
}

/// Rows aligned to the first one, the query, which has no gaps.
///
/// A column in which the query has a gap is taken out, and letters of other rows there count as insertions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alignment {
    rows: Vec<Row>,
}

impl Alignment {
    /// Reads a file; see [`Alignment::parse`].
    ///
    /// # Errors
    /// The file can't be read or isn't a whole alignment.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, AlignmentError> {
        let path = path.as_ref();
        let file = path.to_string_lossy();
        Self::gather(open(path, &file)?, &file, None)
    }

    /// Reads the text of a file, which is named `file` in errors.
    ///
    /// A first line `# STOCKHOLM` makes it Stockholm, and so do the extensions `sto`, `stk` and `stockholm`;
    /// `a3m` and `a2m` are A3M. Any other text is FASTA where its rows are equally long, and A3M where they
    /// aren't and there are lower-case letters.
    ///
    /// # Errors
    /// The text isn't a whole alignment: the error names file and line, what was expected and what was found.
    pub fn parse(bytes: &[u8], file: &str) -> Result<Self, AlignmentError> {
        Self::gather(Cursor::new(bytes), file, None)
    }

    /// Reads text that is known to be of a format.
    ///
    /// # Errors
    /// As in [`Alignment::parse`].
    pub fn parse_as(format: Format, bytes: &[u8], file: &str) -> Result<Self, AlignmentError> {
        Self::gather(Cursor::new(bytes), file, Some(format))
    }

    /// The rows in file order; the first is the query, and there always is one.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many rows there are, the query included.
    pub fn num_rows(&self) -> usize {
        self.rows.len()
    }

    /// How many residues the query has: the length of every row.
    pub fn num_residues(&self) -> usize {
        self.rows.first().map_or(0, |query| query.letters.len())
    }

    fn gather<R: Read + Seek>(source: R, file: &str, format: Option<Format>) -> Result<Self, AlignmentError> {
        let mut text = AlignmentText::open(source, file, format, true)?;
        let mut rows = Vec::new();
        let refused = |error: TryReserveError| Place { file, line: 0 }.io(&error);
        rows.try_reserve_exact(text.rows()).map_err(refused)?;
        text.each(&mut |name, aligned| {
            let mut letters = Vec::new();
            letters.try_reserve_exact(aligned.letters.len()).map_err(refused)?;
            letters.extend_from_slice(&aligned.letters);
            rows.push(Row { name: name.to_owned(), letters, deletions: aligned.deletions.as_slice().into() });
            Ok(())
        })?;
        Ok(Self { rows })
    }
}

/// Opens a plain file, which is named `file` in errors.
pub(super) fn open(path: &Path, file: &str) -> Result<File, AlignmentError> {
    let at = Place { file, line: 0 };
    expect_plain(path).map_err(|problem| at.io(&problem))?;
    File::open(path).map_err(|error| at.io(&error))
}
