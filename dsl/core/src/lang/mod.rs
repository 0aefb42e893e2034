//! The language below its syntax: trees, what they mean, and what can be wrong with them.

pub mod ast;
mod diagnostic;

pub use diagnostic::{Code, Diagnostic};
