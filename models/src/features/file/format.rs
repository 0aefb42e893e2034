//! The formats of alignments.

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
