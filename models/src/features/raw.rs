//! A row as it stands in the file, before its columns are compared with the query's.

use super::error::{AlignmentError, AlignmentProblem};
use crate::shown::shown;

/// Names that hh-suite gives to rows that hold no sequence.
const ANNOTATIONS: [&str; 6] = ["ss_pred", "ss_conf", "ss_dssp", "sa_dssp", "aa_pred", "aa_dssp"];

/// One row: checked letters, no white space.
#[derive(Debug)]
pub(super) struct RawRow {
    pub(super) name: String,
    /// Where the row begins.
    pub(super) line: usize,
    /// ASCII letters, `-` and `.`.
    pub(super) letters: Vec<u8>,
    /// Where a `*` stood: line and column. Only the row's end may follow.
    star: Option<(usize, usize)>,
}

impl RawRow {
    pub(super) fn new(name: &str, line: usize) -> Self {
        Self { name: name.to_owned(), line, letters: Vec::new(), star: None }
    }

    /// Whether hh-suite put structure or confidence here instead of a sequence.
    pub(super) fn is_annotation(&self) -> bool {
        let first = self.name.split_whitespace().next();
        first.is_some_and(|first| ANNOTATIONS.contains(&first))
    }

    /// Whether the row ends in `*`, which isn't among its letters.
    pub(super) fn has_star(&self) -> bool {
        self.star.is_some()
    }

    /// Appends the letters of `text`, which stands on line `at.line` after `skipped` characters.
    pub(super) fn push(&mut self, text: &str, skipped: usize, at: Place<'_>) -> Result<(), AlignmentError> {
        for (column, letter) in (skipped + 1..).zip(text.chars()) {
            if letter.is_whitespace() {
                continue;
            }
            if let Some((line, column)) = self.star {
                return Err(self.illegal('*', column, Place { line, ..at }));
            }
            match letter {
                '*' => self.star = Some((at.line, column)),
                '-' | '.' | 'A'..='Z' | 'a'..='z' => self.letters.push(letter as u8),
                _ => return Err(self.illegal(letter, column, at)),
            }
        }
        Ok(())
    }

    fn illegal(&self, letter: char, column: usize, at: Place<'_>) -> AlignmentError {
        let letter = letter.escape_debug().to_string();
        at.error(AlignmentProblem::IllegalLetter { row: shown(&self.name), letter, column })
    }
}

/// A line of a file: where an error is reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    /// From 1.
    pub(super) line: usize,
}

impl Place<'_> {
    pub(super) fn error(self, problem: AlignmentProblem) -> AlignmentError {
        AlignmentError { file: self.file.escape_debug().to_string(), line: self.line, problem }
    }
}
