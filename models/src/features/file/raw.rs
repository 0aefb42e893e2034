//! A row as it stands in the file, before its columns are compared with the query's.

use crate::features::error::{AlignmentError, AlignmentProblem};
use crate::shown::shown;

/// Names that hh-suite gives to rows that hold no sequence.
const ANNOTATIONS: [&str; 6] = ["ss_pred", "ss_conf", "ss_dssp", "sa_dssp", "aa_pred", "aa_dssp"];

/// One row: checked letters, no white space.
#[derive(Clone, Debug, Default)]
pub(super) struct RawRow {
    pub(super) name: String,
    /// Where the row begins.
    pub(super) line: usize,
    /// ASCII letters, `-` and `.`.
    pub(super) letters: Vec<u8>,
    star: Star,
    annotation: bool,
}

/// Whether a row ends in `*`, which isn't among its letters, and where that stood: line and column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Star(Option<(usize, usize)>);

impl RawRow {
    /// Makes it an empty row that begins at a line.
    pub(super) fn begin(&mut self, name: &str, line: usize) {
        self.name.clear();
        self.name.push_str(name);
        self.letters.clear();
        self.annotation = name.split_whitespace().next().is_some_and(|first| ANNOTATIONS.contains(&first));
        (self.line, self.star) = (line, Star::default());
    }

    /// Whether hh-suite put structure or confidence here instead of a sequence.
    pub(super) fn is_annotation(&self) -> bool {
        self.annotation
    }

    /// Whether the row ends in `*`.
    pub(super) fn has_star(&self) -> bool {
        self.star.is_there()
    }

    /// Appends the letters of `text`, which stands on line `at.line` after `skipped` characters.
    pub(super) fn push(&mut self, text: &str, skipped: usize, at: Place<'_>) -> Result<(), AlignmentError> {
        let letters = &mut self.letters;
        self.star.letters(&self.name, text, skipped, at, |some| {
            letters.extend_from_slice(some);
        })
    }
}

impl Star {
    pub(super) fn is_there(self) -> bool {
        self.0.is_some()
    }

    /// Gives the letters of more text of the row `name`, which stands on line `at.line` after `skipped` characters: only
    /// the row's end may follow a `*`.
    pub(super) fn letters(
        &mut self,
        name: &str,
        text: &str,
        skipped: usize,
        at: Place<'_>,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), AlignmentError> {
        let illegal = |letter: char, column: usize, at: Place<'_>| {
            let letter = letter.escape_debug().to_string();
            at.error(AlignmentProblem::IllegalLetter { row: shown(name), letter, column })
        };
        let (mut rest, mut column) = (text, skipped + 1);
        loop {
            let run = rest.bytes().take_while(|byte| matches!(byte, b'-' | b'.' | b'A'..=b'Z' | b'a'..=b'z')).count();
            if let (Some((line, column)), true) = (self.0, run > 0) {
                return Err(illegal('*', column, Place { line, ..at }));
            }
            take(&rest.as_bytes()[..run]);
            column += run;
            let mut after = rest[run..].chars();
            let Some(letter) = after.next() else { return Ok(()) };
            match (letter, self.0) {
                (letter, _) if letter.is_whitespace() => {}
                (_, Some((line, column))) => return Err(illegal('*', column, Place { line, ..at })),
                ('*', None) => self.0 = Some((at.line, column)),
                _ => return Err(illegal(letter, column, at)),
            }
            (rest, column) = (after.as_str(), column + 1);
        }
    }
}

/// A line of a file: where an error is reported.
#[derive(Clone, Copy, Debug)]
pub(in crate::features) struct Place<'a> {
    pub(in crate::features) file: &'a str,
    /// From 1; 0 where no line is meant.
    pub(in crate::features) line: usize,
}

impl Place<'_> {
    pub(in crate::features) fn error(self, problem: AlignmentProblem) -> AlignmentError {
        AlignmentError { file: self.file.escape_debug().to_string(), line: self.line, problem }
    }

    /// The system did not hand over what was asked for.
    pub(in crate::features) fn io(self, error: &dyn std::fmt::Display) -> AlignmentError {
        self.error(AlignmentProblem::Io(shown(&error.to_string())))
    }
}
