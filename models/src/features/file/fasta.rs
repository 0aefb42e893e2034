//! Rows of a file with `>` name lines: A3M and FASTA alike.

use std::io::Read;

use super::lines::Lines;
use super::raw::{Place, RawRow};
use crate::features::error::{AlignmentError, AlignmentProblem};
use crate::shown::shown;

/// Tells of every row in the file's order. Lines that begin with `#` or `;` are comments; hh-suite's annotation rows are
/// left out.
pub(super) fn each<R: Read>(
    lines: &mut Lines<'_, R>,
    tell: &mut dyn FnMut(&mut RawRow) -> Result<(), AlignmentError>,
) -> Result<(), AlignmentError> {
    let file = lines.file();
    let mut row = RawRow::default();
    let mut open = false;
    while let Some((line, full)) = lines.next()? {
        let at = Place { file, line };
        let trimmed = full.trim();
        if let Some(name) = trimmed.strip_prefix('>') {
            if std::mem::replace(&mut open, true) {
                close(&mut row, file, tell)?;
            }
            row.begin(name.trim(), line);
        } else if !trimmed.is_empty() && !trimmed.starts_with(['#', ';']) {
            if !open {
                return Err(at.error(AlignmentProblem::NoName { found: shown(trimmed) }));
            }
            if !row.is_annotation() {
                row.push(full, 0, at)?;
            }
        }
    }
    if open { close(&mut row, file, tell) } else { Ok(()) }
}

fn close(
    row: &mut RawRow,
    file: &str,
    tell: &mut dyn FnMut(&mut RawRow) -> Result<(), AlignmentError>,
) -> Result<(), AlignmentError> {
    if row.is_annotation() {
        return Ok(());
    }
    if row.letters.is_empty() {
        let at = Place { file, line: row.line };
        return Err(at.error(AlignmentProblem::NoSequence { row: shown(&row.name) }));
    }
    tell(row)
}
