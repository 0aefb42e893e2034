//! An alignment on the query's residues, whatever the format of its file.

use std::path::Path;

use super::error::{AlignmentError, AlignmentProblem};
use super::raw::{Place, RawRow};
use super::{fasta, stockholm};
use crate::plain::expect_plain;
use crate::shown::shown;

/// One row of an [`Alignment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The name line without `>`; in Stockholm the name and its `DE` description.
    pub name: String,
    /// `A` to `Z` or `-`, one for each residue of the query.
    pub letters: Vec<u8>,
    /// Columns before which residues stand that are in none of the query's, and how many: few rows have any.
    deletions: Vec<(u32, u32)>,
}

impl Row {
    /// How many of the row's residues stand just before each column, in none of the query's.
    pub fn deletions(&self) -> impl Iterator<Item = u32> {
        let mut sparse = self.deletions.iter().peekable();
        (0..self.letters.len())
            .map(move |column| sparse.next_if(|(at, _)| *at as usize == column).map_or(0, |(_, count)| *count))
    }
}

/// How a file writes an alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lower-case letters are insertions, `.` pads them, `-` is a gap.
    A3m,
    /// Every row is equally long; case means nothing, `-` and `.` are gaps.
    Fasta,
    /// Blocks of `name letters` lines; case means nothing, `-`, `.`, `~` and `_` are gaps.
    Stockholm,
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
        let fail = |problem: &str| Place { file: &file, line: 0 }.error(AlignmentProblem::Io(shown(problem)));
        expect_plain(path).map_err(|problem| fail(&problem.to_string()))?;
        let bytes = std::fs::read(path).map_err(|error| fail(&error.to_string()))?;
        Self::parse(&bytes, &file)
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
        let text = text(bytes, file)?;
        match format_of(text, file) {
            Some(format) => Self::from_text(format, text, file),
            None => {
                let rows = fasta::rows(text, file)?;
                Self::from_raw(looks_like(&rows), rows, file)
            }
        }
    }

    /// Reads text that is known to be of a format.
    ///
    /// # Errors
    /// As in [`Alignment::parse`].
    pub fn parse_as(format: Format, bytes: &[u8], file: &str) -> Result<Self, AlignmentError> {
        Self::from_text(format, text(bytes, file)?, file)
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

    fn from_text(format: Format, text: &str, file: &str) -> Result<Self, AlignmentError> {
        let rows = match format {
            Format::A3m | Format::Fasta => fasta::rows(text, file)?,
            Format::Stockholm => stockholm::rows(text, file)?,
        };
        Self::from_raw(format, rows, file)
    }

    fn from_raw(format: Format, rows: Vec<RawRow>, file: &str) -> Result<Self, AlignmentError> {
        let rows = columns(format, rows);
        let Some(query) = rows.first() else {
            return Err(Place { file, line: 1 }.error(AlignmentProblem::NoSequences));
        };
        let mut keep = Vec::new();
        let mut inserted = false;
        for letter in &query.letters {
            match letter {
                b'a'..=b'z' => inserted = true,
                letter => keep.push(*letter != b'-'),
            }
        }
        if !keep.contains(&true) {
            let hint = if inserted { " and insertions (lower-case letters)" } else { "" };
            let problem = AlignmentProblem::EmptyQuery { row: shown(&query.name), hint };
            return Err(Place { file, line: query.line }.error(problem));
        }
        let query_name = shown(&query.name);
        let aligned = rows.into_iter().map(|row| {
            align(row, &keep).map_err(|(row, found)| {
                let hint = match format {
                    Format::A3m => " (insertions not counted)",
                    Format::Fasta => " (are the sequences aligned?)",
                    Format::Stockholm => "",
                };
                Place { file, line: row.line }.error(AlignmentProblem::Ragged {
                    row: shown(&row.name),
                    query: query_name.clone(),
                    expected: keep.len(),
                    found,
                    hint,
                })
            })
        });
        Ok(Self { rows: aligned.collect::<Result<_, _>>()? })
    }
}

/// The file as text, or where it stops being that.
fn text<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, AlignmentError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
        let hint = match bytes {
            [0x1f, 0x8b, ..] => ", and the file looks gzipped: unpack it first",
            _ => "",
        };
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        Place { file, line }.error(AlignmentProblem::NotText { byte, column, hint })
    })?;
    if text.trim().is_empty() {
        return Err(Place { file, line: 1 }.error(AlignmentProblem::Empty));
    }
    Ok(text)
}

/// The format, where the first line or the file's extension tells.
fn format_of(text: &str, file: &str) -> Option<Format> {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    if first.starts_with(stockholm::HEADER) || first.starts_with("#=G") {
        return Some(Format::Stockholm);
    }
    match Path::new(file).extension()?.to_string_lossy().to_ascii_lowercase().as_str() {
        "sto" | "stk" | "stockholm" => Some(Format::Stockholm),
        "a3m" | "a2m" => Some(Format::A3m),
        _ => None,
    }
}

/// The format of rows under `>` names when the file's name doesn't tell.
fn looks_like(rows: &[RawRow]) -> Format {
    let length = rows.first().map_or(0, |row| row.letters.len());
    let ragged = rows.iter().any(|row| row.letters.len() != length);
    let lower = rows.iter().any(|row| row.letters.iter().any(u8::is_ascii_lowercase));
    if ragged && lower { Format::A3m } else { Format::Fasta }
}

/// Brings every format to one: upper-case letters and `-` are columns, lower-case letters insertions.
fn columns(format: Format, mut rows: Vec<RawRow>) -> Vec<RawRow> {
    if format == Format::A3m {
        rows.iter_mut().for_each(|row| row.letters.retain(|letter| *letter != b'.'));
        return rows;
    }
    // A closing `*` takes up a column if a row without one reaches as far.
    let longest = rows.iter().filter(|row| !row.has_star()).map(|row| row.letters.len()).max();
    for row in &mut rows {
        row.letters.make_ascii_uppercase();
        row.letters.iter_mut().filter(|letter| **letter == b'.').for_each(|letter| *letter = b'-');
        if row.has_star() && longest.is_some_and(|longest| row.letters.len() < longest) {
            row.letters.push(b'-');
        }
    }
    rows
}

/// The row on the query's residues, or the row and its number of columns if that isn't the query's.
fn align(row: RawRow, keep: &[bool]) -> Result<Row, (RawRow, usize)> {
    let found = row.letters.iter().filter(|letter| !letter.is_ascii_lowercase()).count();
    if found != keep.len() {
        return Err((row, found));
    }
    let mut aligned = Row { name: row.name, letters: Vec::with_capacity(keep.len()), deletions: Vec::new() };
    let mut column = keep.iter();
    let mut pending = 0u32;
    for letter in row.letters {
        let inserted = letter.is_ascii_lowercase();
        if !inserted && column.next() == Some(&true) {
            if pending > 0 {
                aligned.deletions.push((aligned.letters.len() as u32, std::mem::take(&mut pending)));
            }
            aligned.letters.push(letter);
        } else if letter != b'-' {
            pending = pending.saturating_add(1);
        }
    }
    Ok(aligned)
}
