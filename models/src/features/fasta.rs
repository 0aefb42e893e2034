//! Rows of a file with `>` name lines: A3M and FASTA alike.

use super::error::{AlignmentError, AlignmentProblem};
use super::raw::{Place, RawRow};
use crate::shown::shown;

/// The rows in file order. Lines that begin with `#` or `;` are comments; hh-suite's annotation rows are left out.
pub(super) fn rows(text: &str, file: &str) -> Result<Vec<RawRow>, AlignmentError> {
    let mut rows: Vec<RawRow> = Vec::new();
    let mut open: Option<RawRow> = None;
    for (line, full) in (1..).zip(text.lines()) {
        let at = Place { file, line };
        let trimmed = full.trim();
        if let Some(name) = trimmed.strip_prefix('>') {
            close(open.replace(RawRow::new(name.trim(), line)), &mut rows, file)?;
        } else if !trimmed.is_empty() && !trimmed.starts_with(['#', ';']) {
            let Some(row) = &mut open else {
                return Err(at.error(AlignmentProblem::NoName { found: shown(trimmed) }));
            };
            if !row.is_annotation() {
                row.push(full, 0, at)?;
            }
        }
    }
    close(open, &mut rows, file)?;
    Ok(rows)
}

fn close(row: Option<RawRow>, rows: &mut Vec<RawRow>, file: &str) -> Result<(), AlignmentError> {
    let Some(row) = row.filter(|row| !row.is_annotation()) else {
        return Ok(());
    };
    if row.letters.is_empty() {
        let at = Place { file, line: row.line };
        return Err(at.error(AlignmentProblem::NoSequence { row: shown(&row.name) }));
    }
    rows.push(row);
    Ok(())
}
