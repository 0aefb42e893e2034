//! Models written in Crease, their features and checkpoints.

pub mod alignment_evoformer;
pub mod attention;
pub mod evoformer;
pub mod features;
mod registry;
pub mod template;
pub mod triangle;

pub use registry::{Entry, registry};
