//! Rows on the query's residues: which letters are columns, and which of these the query has.

use super::format::Format;
use super::raw::{Place, RawRow};
use crate::features::error::{AlignmentError, AlignmentProblem};
use crate::shown::shown;

/// What is found of all rows before one of them can be aligned.
#[derive(Default)]
pub(super) struct Survey {
    query: Option<RawRow>,
    rows: usize,
    /// Whether a row is not as long as the query, letters and gaps counted.
    ragged: bool,
    /// Whether there are lower-case letters.
    lower: bool,
    /// Letters and gaps of the longest row without a closing `*`.
    longest: Option<usize>,
}

/// How the letters of a file become residues of the query.
pub(super) struct Columns {
    format: Format,
    longest: Option<usize>,
    /// Whether the query has a residue in each column.
    keep: Vec<bool>,
    residues: usize,
    /// The query's name, fit for a message.
    query: String,
}

/// A row on the query's residues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::features) struct Aligned {
    /// `A` to `Z` or `-`, one for each residue of the query.
    pub(in crate::features) letters: Vec<u8>,
    /// Columns before which residues stand that are in none of the query's, and how many.
    pub(in crate::features) deletions: Vec<(u32, u32)>,
}

impl Survey {
    /// Takes note of a row.
    pub(super) fn row(&mut self, row: &RawRow) {
        self.length(row.letters.len(), row.has_star());
        self.lower |= row.letters.iter().any(u8::is_ascii_lowercase);
        let query = self.query.get_or_insert_with(|| row.clone());
        self.ragged |= row.letters.len() != query.letters.len();
    }

    /// Takes note of a row of which only its number of letters is known.
    pub(super) fn length(&mut self, letters: usize, star: bool) {
        self.rows += 1;
        if !star {
            self.longest = self.longest.max(Some(letters));
        }
    }

    /// How many rows there were.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// What rows are aligned by; without a format, it is what they look like.
    pub(super) fn finish(self, format: Option<Format>, file: &str) -> Result<Columns, AlignmentError> {
        let looks_like = if self.ragged && self.lower { Format::A3m } else { Format::Fasta };
        let Some(mut query) = self.query else {
            return Err(Place { file, line: 1 }.error(AlignmentProblem::NoSequences));
        };
        let name = shown(&query.name);
        let (format, longest) = (format.unwrap_or(looks_like), self.longest);
        let mut columns = Columns { format, longest, keep: Vec::new(), residues: 0, query: name };
        columns.unify(&mut query);
        let letters = query.letters.iter().filter(|letter| !letter.is_ascii_lowercase());
        columns.keep = letters.map(|letter| *letter != b'-').collect();
        columns.residues = columns.keep.iter().filter(|keep| **keep).count();
        if columns.residues == 0 {
            let inserted = query.letters.iter().any(u8::is_ascii_lowercase);
            let hint = if inserted { " and insertions (lower-case letters)" } else { "" };
            let problem = AlignmentProblem::EmptyQuery { row: columns.query, hint };
            return Err(Place { file, line: query.line }.error(problem));
        }
        Ok(columns)
    }
}

impl Columns {
    /// How many residues the query has.
    pub(super) fn residues(&self) -> usize {
        self.residues
    }

    /// Puts a row on the query's residues.
    pub(super) fn align(&self, row: &mut RawRow, file: &str, aligned: &mut Aligned) -> Result<(), AlignmentError> {
        self.unify(row);
        let found = row.letters.iter().filter(|letter| !letter.is_ascii_lowercase()).count();
        if found != self.keep.len() {
            return Err(Place { file, line: row.line }.error(self.ragged(row, found)));
        }
        aligned.letters.clear();
        aligned.deletions.clear();
        let mut column = self.keep.iter();
        let mut pending = 0u32;
        for letter in &row.letters {
            if !letter.is_ascii_lowercase() && column.next() == Some(&true) {
                if pending > 0 {
                    aligned.deletions.push((aligned.letters.len() as u32, std::mem::take(&mut pending)));
                }
                aligned.letters.push(*letter);
            } else if *letter != b'-' {
                pending = pending.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Brings every format to one: upper-case letters and `-` are columns, lower-case letters insertions.
    fn unify(&self, row: &mut RawRow) {
        if self.format == Format::A3m {
            row.letters.retain(|letter| *letter != b'.');
            return;
        }
        row.letters.make_ascii_uppercase();
        row.letters.iter_mut().filter(|letter| **letter == b'.').for_each(|letter| *letter = b'-');
        // A closing `*` takes up a column if a row without one reaches as far.
        if row.has_star() && self.longest.is_some_and(|longest| row.letters.len() < longest) {
            row.letters.push(b'-');
        }
    }

    fn ragged(&self, row: &RawRow, found: usize) -> AlignmentProblem {
        let hint = match self.format {
            Format::A3m => " (insertions not counted)",
            Format::Fasta => " (are the sequences aligned?)",
            Format::Stockholm => "",
        };
        let (row, query) = (shown(&row.name), self.query.clone());
        AlignmentProblem::Ragged { row, query, expected: self.keep.len(), found, hint }
    }
}
