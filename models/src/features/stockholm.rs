//! Rows of a Stockholm file: blocks of `name letters` lines between the header and `//`.

use std::collections::HashMap;

use super::error::{AlignmentError, AlignmentProblem};
use super::raw::{Place, RawRow};
use crate::shown::shown;

/// How a Stockholm file begins; a version follows.
pub(super) const HEADER: &str = "# STOCKHOLM";

/// The rows in the order of their first lines. A row's name is its name in the file and,
/// where a `#=GS name DE` line gives one, its description; other markup is passed over.
pub(super) fn rows(text: &str, file: &str) -> Result<Vec<RawRow>, AlignmentError> {
    let mut rows: Vec<RawRow> = Vec::new();
    let mut index: HashMap<&str, usize> = HashMap::new();
    let mut descriptions: HashMap<&str, &str> = HashMap::new();
    let mut lines = (1..).zip(text.lines());

    let (mut last, first) = lines.by_ref().find(|(_, line)| !line.trim().is_empty()).unwrap_or((1, ""));
    if !first.trim().starts_with(HEADER) {
        let found = shown(first.trim());
        return Err(Place { file, line: last }.error(AlignmentProblem::NoHeader { found }));
    }
    let mut ended = false;
    for (line, full) in lines {
        let at = Place { file, line };
        let trimmed = full.trim();
        if trimmed.is_empty() {
            continue;
        }
        last = line;
        if ended {
            return Err(at.error(AlignmentProblem::AfterEnd { found: shown(trimmed) }));
        } else if trimmed == "//" {
            ended = true;
        } else if let Some(markup) = trimmed.strip_prefix("#=GS ") {
            if let Some((name, text)) = description(markup) {
                descriptions.entry(name).or_insert(text);
            }
        } else if !trimmed.starts_with('#') {
            let words: Vec<&str> = trimmed.split_whitespace().collect();
            let &[name, letters] = words.as_slice() else {
                return Err(at.error(match words.as_slice() {
                    &[name] => AlignmentProblem::NoSequence { row: shown(name) },
                    _ => AlignmentProblem::NotARow { found: words.len(), line: shown(trimmed) },
                }));
            };
            let row = *index.entry(name).or_insert_with(|| {
                rows.push(RawRow::new(name, line));
                rows.len() - 1
            });
            let before = full.trim_end().strip_suffix(letters);
            let skipped = before.map_or(0, |before| before.chars().count());
            // Easel writes missing residues as `~` and some tools gaps as `_`.
            rows[row].push(&letters.replace(['~', '_'], "-"), skipped, at)?;
        }
    }
    if !ended {
        return Err(Place { file, line: last }.error(AlignmentProblem::NoEnd));
    }
    for row in &mut rows {
        if row.letters.is_empty() {
            let at = Place { file, line: row.line };
            return Err(at.error(AlignmentProblem::NoSequence { row: shown(&row.name) }));
        }
        if let Some(text) = descriptions.get(row.name.as_str()) {
            row.name = format!("{} {text}", row.name);
        }
    }
    Ok(rows)
}

/// `name DE text` gives the name and the text.
fn description(markup: &str) -> Option<(&str, &str)> {
    let (name, rest) = markup.trim_start().split_once(char::is_whitespace)?;
    let text = rest.trim_start().strip_prefix("DE")?;
    let text = text.strip_prefix(char::is_whitespace)?.trim();
    (!text.is_empty()).then_some((name, text))
}
