//! What is wrong with sequences and vocabularies.

/// A file of sequences that cannot be folded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {problem}", at(*line))]
pub struct SequenceError {
    /// The file.
    pub file: String,
    /// From 1; 0 for the whole file.
    pub line: usize,
    /// What is wrong.
    pub problem: SequenceProblem,
}

fn at(line: usize) -> String {
    if line == 0 { String::new() } else { format!(":{line}") }
}

/// What is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SequenceProblem {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Io(String),
    /// No text.
    #[error("is no text: expected FASTA, found bytes that are not UTF-8")]
    NotText,
    /// Nothing in it.
    #[error("has no sequences: expected FASTA, `>name` and then amino acids")]
    Empty,
    /// Letters before any name.
    #[error("expected a line `>name` first, found `{0}`")]
    NoName(String),
    /// A name and no letters.
    #[error("`{0}` has no amino acids")]
    NoSequence(String),
    /// A letter that is none of the twenty.
    #[error(
        "`{record}` has `{letter}` in column {column}: expected one of the twenty amino acids ACDEFGHIKLMNPQRSTVWY"
    )]
    Letter {
        /// The record.
        record: String,
        /// The letter.
        letter: String,
        /// From 1.
        column: usize,
    },
    /// More chains than an antibody's variable domain has.
    #[error("`{record}` has {chains} chains: expected a heavy and a light one, or a single one")]
    Chains {
        /// The antibody.
        record: String,
        /// How many.
        chains: usize,
    },
    /// One chain twice.
    #[error("`{record}` has two chains `{chain}`: name other antibodies' chains `name:{chain}`")]
    ChainTwice {
        /// The antibody.
        record: String,
        /// The chain.
        chain: char,
    },
    /// More residues than the encoder has positions for.
    #[error("chain `{chain}` of `{record}` has {residues} residues: the encoder reads at most {most}")]
    TooLong {
        /// The antibody.
        record: String,
        /// The chain.
        chain: char,
        /// How many residues.
        residues: usize,
        /// How many it may have.
        most: usize,
    },
}

/// A vocabulary that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VocabularyError {
    /// The file cannot be read.
    #[error("{file}: cannot be read: {problem}")]
    Io {
        /// The file.
        file: String,
        /// Why.
        problem: String,
    },
    /// A token that every vocabulary has is not there.
    #[error("{file}: there is no token `{token}`: expected a vocabulary of amino acids, a token a line")]
    Missing {
        /// The file.
        file: String,
        /// The token.
        token: String,
    },
}
