//! Models written in Crease, their features and checkpoints, and the `crease` command.

pub mod alignment_evoformer;
pub mod attention;
pub mod checkpoint;
pub mod cli;
pub mod evoformer;
pub mod features;
pub mod gpt;
mod plain;
mod registry;
mod shown;
pub mod structure;
pub mod template;
pub mod triangle;

pub use registry::{Entry, registry};
