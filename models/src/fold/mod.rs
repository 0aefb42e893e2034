//! From sequences of antibodies to structures: what is around the model.
//!
//! ```text
//! FASTA -> Antibody (one or two chains) -> tokens -> model -> Prediction -> Structure
//! ```

mod backbone;
mod error;
mod fasta;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use backbone::Prediction;
pub use error::{SequenceError, SequenceProblem, VocabularyError};
pub use fasta::{Antibody, ChainSequence, antibodies};
pub use vocabulary::Vocabulary;
