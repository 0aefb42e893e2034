//! Which number an encoder knows an amino acid by.

use std::path::Path;

use super::error::VocabularyError;
use crate::plain::read_small;

/// The letters of the amino acids.
pub(super) const AMINO_ACIDS: &str = "ACDEFGHIKLMNPQRSTVWY";

/// Longest file that is read; an encoder of proteins has some thirty tokens, one of texts some hundred thousand.
const MOST_BYTES: u64 = 16 << 20;

/// The numbers of amino acids, and of the tokens around a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    opening: u32,
    closing: u32,
    letters: [u32; 20],
}

impl Vocabulary {
    /// Reads a file with a token a line, as BERT's encoders have.
    ///
    /// # Errors
    /// A file that cannot be read, or without an amino acid, `[CLS]` or `[SEP]`.
    pub fn read(path: impl AsRef<Path>) -> Result<Vocabulary, VocabularyError> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let fail = |problem| VocabularyError::Io { file: file.clone(), problem };
        let bytes = read_small(path, MOST_BYTES).map_err(|error| fail(error.to_string()))?;
        let text =
            String::from_utf8(bytes).map_err(|_| fail("expected text, found bytes that are not UTF-8".into()))?;
        Vocabulary::parse(&text, &file)
    }

    /// The text of such a file, which is named `file` in errors.
    ///
    /// # Errors
    /// As [`Vocabulary::read`].
    pub fn parse(text: &str, file: &str) -> Result<Vocabulary, VocabularyError> {
        let number = |token: &str| {
            let place = text.lines().position(|line| line.trim() == token);
            let missing = || VocabularyError::Missing { file: file.to_string(), token: token.to_string() };
            place.and_then(|place| u32::try_from(place).ok()).ok_or_else(missing)
        };
        let mut letters = [0; 20];
        for (place, letter) in letters.iter_mut().zip(AMINO_ACIDS.chars()) {
            *place = number(letter.encode_utf8(&mut [0; 4]))?;
        }
        Ok(Vocabulary { opening: number("[CLS]")?, closing: number("[SEP]")?, letters })
    }

    /// The tokens of a chain as numbers: what opens it, its residues, what closes it.
    ///
    /// # Panics
    /// On a letter that is no amino acid.
    pub fn tokens(&self, residues: &str) -> Vec<f32> {
        let known = |letter: char| {
            let place = AMINO_ACIDS.find(letter).expect("a chain has amino acids only");
            self.letters[place]
        };
        let all = std::iter::once(self.opening).chain(residues.chars().map(known));
        all.chain(std::iter::once(self.closing)).map(|n| n as f32).collect()
    }
}
