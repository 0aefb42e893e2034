//! What ends a command: one line, whatever went wrong.

use std::path::PathBuf;

use crease_core::ir::ExtentError;
use crease_core::lang::ModelError;
use crease_core::plan::PlanError;
use crease_core::units::format_bytes;
use crease_runtime::{RunError, WeightsError};

use crate::checkpoint::{FileError, StoreError};
use crate::features::{AlignmentError, FeatureError};
use crate::fold::{SequenceError, VocabularyError};
use crate::structure::{ScoreError, StructureError};

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// An argument that does not fit the model, or the others.
    #[error("{0}")]
    Usage(String),
    /// An alignment that cannot be read.
    #[error(transparent)]
    Alignment(#[from] AlignmentError),
    /// An alignment that is too large for its features.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// A structure that cannot be read.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// Sequences that cannot be folded.
    #[error(transparent)]
    Sequences(#[from] SequenceError),
    /// An encoder's tokens that cannot be read.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// Structures that have nothing to compare.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// A tensor file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Trained weights that are not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Settings or sizes that a model does not take.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A size that is none.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// No plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// No plan, where there is one with values between operations in fewer bits.
    #[error("{error}; with --precision bf16 it needs {}", format_bytes(*.smallest))]
    Precision {
        /// Why there is none.
        error: PlanError,
        /// The smallest budget then, bytes.
        smallest: u64,
    },
    /// A plan that cannot run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Weights that do not fit the model.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A tensor of another shape than the model's.
    #[error("{}: tensor `{name}` must be {expected:?} ({symbols}), found {found:?}", .file.display())]
    Shape {
        /// The file.
        file: PathBuf,
        /// The tensor.
        name: String,
        /// The model's shape.
        expected: Vec<u64>,
        /// The model's shape in its own words.
        symbols: String,
        /// The file's shape.
        found: Vec<usize>,
    },
    /// The terminal or pipe went away.
    #[error("the results cannot be printed: {0}")]
    Print(std::io::Error),
}

/// Shorthand for usage errors.
pub(super) fn usage(text: impl Into<String>) -> CliError {
    CliError::Usage(text.into())
}

/// A message on one line: lines joined, what cannot be seen escaped, what has no end cut.
pub(super) fn one_line(message: &str) -> String {
    const LONGEST: usize = 800;
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let joined = lines.join("; ");
    let mut line = String::new();
    for (k, c) in joined.chars().enumerate() {
        if k == LONGEST {
            line.push('…');
            break;
        }
        match c {
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line
}

/// The names of `known` that `name` may have meant, in words.
pub(super) fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().map(|k| (distance(&name.to_lowercase(), &k.to_lowercase()), k)).min();
    match near {
        Some((far, near)) if far <= 1 + name.chars().count() / 3 => format!("did you mean `{near}`?"),
        Some(_) => format!("there are {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")),
        None => "there are none".into(),
    }
}

/// Letters to insert, delete or change to make one text of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line() {
        assert_eq!(one_line("a\n  b\u{1b}[2J\n\n"), "a; b\\u{1b}[2J");
        assert_eq!(one_line(&"x".repeat(5000)).chars().count(), 801);
    }

    #[test]
    fn the_nearest_name_is_meant() {
        let known = ["evoformer_block", "evoformer_stack"];
        assert_eq!(suggestion("evoformer_blok", known), "did you mean `evoformer_block`?");
        assert_eq!(suggestion("zzz", known), "there are `evoformer_block`, `evoformer_stack`");
        assert_eq!(suggestion("zzz", []), "there are none");
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
