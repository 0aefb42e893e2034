//! The text of an alignment, read as often as it is asked for; no more of it is held than a line and a row.
//!
//! ```text
//! bytes -> lines -> rows as they stand in the file -> rows on the query's residues
//! ```
//!
//! The first reading finds what is wrong with any row, and what all of them must be known for before one can be aligned:
//! the query, and in Stockholm where each row's letters are. Every later reading aligns one row after the other.

mod columns;
mod fasta;
mod format;
mod lines;
mod raw;
mod stockholm;

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::error::{AlignmentError, AlignmentProblem};
pub(super) use columns::Aligned;
use columns::{Columns, Survey};
pub use format::Format;
use lines::Lines;
pub(super) use raw::Place;
use raw::RawRow;
use stockholm::Index;

/// An alignment of which the query and the number of rows are known.
pub(super) struct AlignmentText<'f, R> {
    source: R,
    /// Its name in errors.
    file: &'f str,
    columns: Columns,
    /// Where the rows of a Stockholm file are.
    index: Option<Index>,
    rows: usize,
}

impl<'f, R: Read + Seek> AlignmentText<'f, R> {
    /// Reads a text for the first time. Without a format, it is what the first line or the file's name says, or what
    /// its rows look like. `describe`: whether names have the descriptions that Stockholm gives them.
    pub(super) fn open(
        mut source: R,
        file: &'f str,
        format: Option<Format>,
        describe: bool,
    ) -> Result<Self, AlignmentError> {
        let first = first_line(&mut source, file)?;
        let format = format.or_else(|| format_of(&first, file));
        let mut survey = Survey::default();
        let index = match format {
            Some(Format::Stockholm) => {
                let index = Index::read(&mut lines(&mut source, file)?, describe)?;
                index.survey(&mut source, file, &mut survey)?;
                Some(index)
            }
            _ => {
                fasta::each(&mut lines(&mut source, file)?, &mut |row| {
                    survey.row(row);
                    Ok(())
                })?;
                None
            }
        };
        let rows = survey.rows();
        Ok(Self { source, file, columns: survey.finish(format, file)?, index, rows })
    }

    /// How many rows there are, the query included.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// How many residues the query has.
    pub(super) fn residues(&self) -> usize {
        self.columns.residues()
    }

    /// Tells of every row, in the file's order: its name, and what it is on the query's residues.
    pub(super) fn each(
        &mut self,
        tell: &mut dyn FnMut(&str, &Aligned) -> Result<(), AlignmentError>,
    ) -> Result<(), AlignmentError> {
        let (columns, file) = (&self.columns, self.file);
        let mut aligned = Aligned::default();
        let mut align = |row: &mut RawRow| {
            columns.align(row, file, &mut aligned)?;
            tell(&row.name, &aligned)
        };
        match &self.index {
            Some(index) => index.each(&mut self.source, file, &mut align),
            None => fasta::each(&mut lines(&mut self.source, file)?, &mut align),
        }
    }
}

/// The lines of a text from its start.
fn lines<'f, 's, R: Read + Seek>(source: &'s mut R, file: &'f str) -> Result<Lines<'f, &'s mut R>, AlignmentError> {
    source.seek(SeekFrom::Start(0)).map_err(|error| Place { file, line: 0 }.io(&error))?;
    Ok(Lines::new(source, file))
}

/// The first line that is more than white space.
fn first_line<R: Read + Seek>(source: &mut R, file: &str) -> Result<String, AlignmentError> {
    let mut lines = lines(source, file)?;
    while let Some((_, line)) = lines.next()? {
        if !line.trim().is_empty() {
            return Ok(line.trim().to_owned());
        }
    }
    Err(Place { file, line: 1 }.error(AlignmentProblem::Empty))
}

/// The format, where the first line or the file's extension tells.
fn format_of(first: &str, file: &str) -> Option<Format> {
    if first.starts_with(stockholm::HEADER) || first.starts_with("#=G") {
        return Some(Format::Stockholm);
    }
    match Path::new(file).extension()?.to_string_lossy().to_ascii_lowercase().as_str() {
        "sto" | "stk" | "stockholm" => Some(Format::Stockholm),
        "a3m" | "a2m" => Some(Format::A3m),
        _ => None,
    }
}
