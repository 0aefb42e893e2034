//! Rows of a Stockholm file: blocks of `name letters` lines between the header and `//`.
//!
//! A row's letters stand in as many places as there are blocks. The first reading notes where; after that a row can be
//! read by itself.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::rc::Rc;

use super::columns::Survey;
use super::lines::Lines;
use super::raw::{Place, RawRow, Star};
use crate::features::error::{AlignmentError, AlignmentProblem};
use crate::shown::shown;

/// How a Stockholm file begins; a version follows.
pub(super) const HEADER: &str = "# STOCKHOLM";

/// Where the rows of a file are, in the order of their first lines.
pub(super) struct Index {
    rows: Vec<Indexed>,
    /// By row, then as they follow each other.
    pieces: Vec<Piece>,
    /// What `#=GS name DE` lines say of rows, where that is asked for.
    descriptions: HashMap<Rc<str>, Box<str>>,
}

struct Indexed {
    name: Rc<str>,
    line: usize,
    letters: usize,
    star: Star,
}

/// Letters of a row that stand together.
struct Piece {
    row: u32,
    bytes: u32,
    start: u64,
}

impl Index {
    /// Reads the lines from the first on; everything that is wrong with one is found here.
    pub(super) fn read<R: Read>(lines: &mut Lines<'_, R>, describe: bool) -> Result<Index, AlignmentError> {
        let file = lines.file();
        let mut index = Index { rows: Vec::new(), pieces: Vec::new(), descriptions: HashMap::new() };
        let mut numbers: HashMap<Rc<str>, u32> = HashMap::new();
        let (mut last, mut begun, mut ended) = (1, false, false);
        loop {
            let start = lines.next_start();
            let Some((line, full)) = lines.next()? else { break };
            let at = Place { file, line };
            let trimmed = full.trim();
            if trimmed.is_empty() {
                continue;
            }
            last = line;
            if !begun {
                if !trimmed.starts_with(HEADER) {
                    return Err(at.error(AlignmentProblem::NoHeader { found: shown(trimmed) }));
                }
                begun = true;
            } else if ended {
                return Err(at.error(AlignmentProblem::AfterEnd { found: shown(trimmed) }));
            } else if trimmed == "//" {
                ended = true;
            } else if let Some(markup) = trimmed.strip_prefix("#=GS ") {
                if let (Some((name, text)), true) = (description(markup), describe) {
                    index.descriptions.entry(name.into()).or_insert_with(|| text.into());
                }
            } else if !trimmed.starts_with('#') {
                let words: Vec<&str> = trimmed.split_whitespace().collect();
                let &[name, letters] = words.as_slice() else {
                    return Err(at.error(match words.as_slice() {
                        &[name] => AlignmentProblem::NoSequence { row: shown(name) },
                        _ => AlignmentProblem::NotARow { found: words.len(), line: shown(trimmed) },
                    }));
                };
                let known = numbers.get(name).copied();
                let number = known.unwrap_or(index.rows.len() as u32);
                if known.is_none() {
                    let name: Rc<str> = name.into();
                    numbers.insert(name.clone(), number);
                    index.rows.push(Indexed { name, line, letters: 0, star: Star::default() });
                }
                let before = full.trim_end().strip_suffix(letters).unwrap_or_default();
                index.add(number, letters, (start + before.len() as u64, before.chars().count()), at)?;
            }
        }
        if !ended {
            return Err(Place { file, line: last }.error(AlignmentProblem::NoEnd));
        }
        if let Some(row) = index.rows.iter().find(|row| row.letters == 0) {
            let at = Place { file, line: row.line };
            return Err(at.error(AlignmentProblem::NoSequence { row: shown(&row.name) }));
        }
        index.pieces.sort_unstable_by_key(|piece| (piece.row, piece.start));
        Ok(index)
    }

    /// Takes note of letters of a row that start at a byte of the file, after so many characters of their line.
    fn add(
        &mut self,
        number: u32,
        letters: &str,
        (start, skipped): (u64, usize),
        at: Place<'_>,
    ) -> Result<(), AlignmentError> {
        let row = &mut self.rows[number as usize];
        let mut count = 0;
        row.star.letters(&row.name, &plain(letters), skipped, at, |some| count += some.len())?;
        row.letters += count;
        self.pieces.push(Piece { row: number, bytes: letters.len() as u32, start });
        Ok(())
    }

    /// What is known of all rows, and the query's letters.
    pub(super) fn survey<R: Read + Seek>(
        &self,
        source: &mut R,
        file: &str,
        survey: &mut Survey,
    ) -> Result<(), AlignmentError> {
        if !self.rows.is_empty() {
            let mut query = RawRow::default();
            self.row(0, &mut self.pieces.as_slice(), source, file, &mut query)?;
            survey.row(&query);
        }
        self.rows.iter().skip(1).for_each(|row| survey.length(row.letters, row.star.is_there()));
        Ok(())
    }

    /// Tells of every row in the order of their first lines. A row's name is its name in the file and, where there is
    /// one, its description.
    pub(super) fn each<R: Read + Seek>(
        &self,
        source: &mut R,
        file: &str,
        tell: &mut dyn FnMut(&mut RawRow) -> Result<(), AlignmentError>,
    ) -> Result<(), AlignmentError> {
        let mut row = RawRow::default();
        let mut pieces = self.pieces.as_slice();
        for number in 0..self.rows.len() {
            self.row(number, &mut pieces, source, file, &mut row)?;
            tell(&mut row)?;
        }
        Ok(())
    }

    /// Reads a row, whose pieces come next.
    fn row<R: Read + Seek>(
        &self,
        number: usize,
        pieces: &mut &[Piece],
        source: &mut R,
        file: &str,
        row: &mut RawRow,
    ) -> Result<(), AlignmentError> {
        let Indexed { name, line, .. } = &self.rows[number];
        row.begin(name, *line);
        if let Some(text) = self.descriptions.get(name) {
            row.name = format!("{name} {text}");
        }
        let at = Place { file, line: *line };
        let mut bytes = Vec::new();
        while let Some((piece, rest)) = pieces.split_first().filter(|(piece, _)| piece.row as usize == number) {
            *pieces = rest;
            bytes.resize(piece.bytes as usize, 0);
            let read = source.seek(SeekFrom::Start(piece.start)).and_then(|_| source.read_exact(&mut bytes));
            read.map_err(|error| at.io(&error))?;
            // Lossy: the file may have changed since it was looked at.
            row.push(&plain(&String::from_utf8_lossy(&bytes)), 0, at)?;
        }
        Ok(())
    }
}

/// Letters with one sign for gaps: Easel writes missing residues as `~` and some tools gaps as `_`.
fn plain(letters: &str) -> String {
    letters.replace(['~', '_'], "-")
}

/// `name DE text` gives the name and the text.
fn description(markup: &str) -> Option<(&str, &str)> {
    let (name, rest) = markup.trim_start().split_once(char::is_whitespace)?;
    let text = rest.trim_start().strip_prefix("DE")?;
    let text = text.strip_prefix(char::is_whitespace)?.trim();
    (!text.is_empty()).then_some((name, text))
}
