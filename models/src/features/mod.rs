//! From an alignment file to AlphaFold's MSA features.
//!
//! ```text
//! file -> Alignment (rows on the query's residues) -> MsaFeatures (what the model reads)
//!     \-> MsaRows (the rows that are chosen) -> `msa_feat` where it is wanted
//! ```
//!
//! [`Alignment::read`] takes A3M, aligned FASTA or Stockholm; [`MsaFeatures::from_alignment`] picks the centres,
//! gives every extra row to its nearest centre and writes the feature arrays.
//! Absent on purpose: searching data bases, templates, padding to fixed sizes, anything that knows a model.

mod alignment;
mod clusters;
mod error;
mod file;
mod msa;
mod options;
mod random;
mod residues;
mod rows;
#[cfg(test)]
mod tests;

pub use alignment::{Alignment, Row};
pub use error::{AlignmentError, AlignmentProblem, FeatureError, MsaError};
pub use file::Format;
pub use msa::{MSA_FEAT, MsaFeatures, TARGET_FEAT};
pub use options::FeatureOptions;
pub use residues::{CODES, GAP, LETTERS, MASKED, UNKNOWN, code};
pub use rows::MsaRows;
