//! Protein structures: PDB and mmCIF files, and how near a model is to a target.
//!
//! ```text
//! file -> Structure (chains, residues, atoms) -> Score (RMSD, lDDT, TM-score) or a file again
//! ```
//!
//! Lengths are in Å. A file's first model is read; of alternate locations the one with the highest occupancy.
//! Absent on purpose: bonds, symmetry, headers, anything but the atoms and where they are.

mod assemble;
mod cif;
mod error;
mod letters;
mod model;
mod pdb;
mod read;
mod score;
#[cfg(test)]
mod tests;
mod write;

pub use error::{StructureError, StructureProblem};
pub use letters::three_letters;
pub use model::{Atom, Chain, Residue, Structure};
pub use read::Format;
pub use score::{BACKBONE, ChainScore, Figures, Score, ScoreError};
