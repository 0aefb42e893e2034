//! What can go wrong, each in one line that names the place and what to change.

use thiserror::Error;

/// An alignment file that can't be read: the file, the line, the problem.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{file}: {}{problem}", if *line > 0 { format!("line {line}: ") } else { String::new() })]
pub struct AlignmentError {
    /// The file as the caller named it.
    pub file: String,
    /// Line number from 1, the last line where something is missing at the end; 0 where no line is meant.
    pub line: usize,
    /// What is wrong there.
    pub problem: AlignmentProblem,
}

/// The ways an alignment file can be wrong. Columns and letters count from 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlignmentProblem {
    /// The operating system did not hand the file over.
    #[error("cannot read the file: {0}")]
    Io(String),
    /// Nothing but white space.
    #[error("expected an alignment (A3M, aligned FASTA or Stockholm), found an empty file")]
    Empty,
    /// Bytes that are no text.
    #[error("expected text, found byte 0x{byte:02x} at column {column}, which is not UTF-8{hint}")]
    NotText {
        /// The first byte that fits no character.
        byte: u8,
        /// Its place in the line, in bytes.
        column: usize,
        /// What the file seems to be instead, with a comma in front; empty if unknown.
        hint: &'static str,
    },
    /// Comments, but not one row.
    #[error("expected at least one sequence, found none")]
    NoSequences,
    /// Text where a name has to be.
    #[error("expected a `>` name line (A3M, FASTA) or `# STOCKHOLM 1.0` before the first sequence, found `{found}`")]
    NoName {
        /// The line's beginning.
        found: String,
    },
    /// A name and nothing after it.
    #[error("expected a sequence for row `{row}`, found none")]
    NoSequence {
        /// The row's name.
        row: String,
    },
    /// A character that stands for no residue and no gap.
    #[error("expected letters A to Z or gaps (`-`, `.`) in row `{row}`, found `{letter}` at column {column}")]
    IllegalLetter {
        /// The row's name.
        row: String,
        /// The character, escaped if it can't be seen.
        letter: String,
        /// Its place in the line, in characters.
        column: usize,
    },
    /// A row that isn't as long as the query.
    #[error("expected {expected} aligned columns in row `{row}`, as in the query `{query}`, found {found}{hint}")]
    Ragged {
        /// The row's name.
        row: String,
        /// The query's name.
        query: String,
        /// Columns of the query (A3M: without insertions).
        expected: usize,
        /// Columns of the row, counted likewise.
        found: usize,
        /// What counts as a column in this format, in brackets; may be empty.
        hint: &'static str,
    },
    /// A first row without a residue.
    #[error("expected residues in the query (the first row, `{row}`), found only gaps{hint}")]
    EmptyQuery {
        /// The query's name.
        row: String,
        /// More to the point, where there is more to say.
        hint: &'static str,
    },
    /// A Stockholm file that doesn't begin like one.
    #[error("expected the header `# STOCKHOLM 1.0`, found `{found}`")]
    NoHeader {
        /// The first line's beginning.
        found: String,
    },
    /// A Stockholm file that ends too early.
    #[error("expected `//` at the end of the alignment, found the end of the file (is it truncated?)")]
    NoEnd,
    /// A Stockholm row that isn't two words.
    #[error("expected a name and its aligned letters, found {found} words in `{line}`")]
    NotARow {
        /// How many words there are.
        found: usize,
        /// The line's beginning.
        line: String,
    },
    /// More text after the end of a Stockholm alignment.
    #[error("expected nothing after `//` (one alignment a file), found `{found}`")]
    AfterEnd {
        /// The line's beginning.
        found: String,
    },
}

/// Features that can't be made from an alignment that can be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeatureError {
    /// No room for the query.
    #[error("expected max_seqs of at least 1 (the query), found 0")]
    NoCentres,
    /// An array that can't be addressed or allocated.
    #[error("{array} [{shape}] does not fit in memory; lower max_seqs or max_extra")]
    TooLarge {
        /// The array's name in `MsaFeatures`.
        array: &'static str,
        /// Its shape, as `512, 313, 49`.
        shape: String,
    },
}

/// Rows of a file's alignment that can't be had.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MsaError {
    /// The alignment can't be read.
    #[error(transparent)]
    Alignment(#[from] AlignmentError),
    /// Its rows can't be made features of.
    #[error(transparent)]
    Features(#[from] FeatureError),
}
