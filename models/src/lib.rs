//! Models written in Crease, with their features, structures and checkpoints.

pub mod alignment_evoformer;
pub mod antibody;
pub mod attention;
pub mod bert;
pub mod checkpoint;
pub mod evoformer;
pub mod features;
pub mod fold;
pub mod geometry;
pub mod gpt;
pub mod igfold;
pub mod output;
pub mod plain;
mod registry;
mod shown;
pub mod structure;
pub mod structure_module;
pub mod template;
pub mod triangle;

pub use registry::{Entry, registry};
pub use shown::shown;
