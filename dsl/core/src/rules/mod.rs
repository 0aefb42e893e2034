//! Forms of a graph, in an e-graph: which values may be split, by which rules.
//!
//! A term states *what is equal*, never how many chunks there are or in which order they run: those are
//! choices made after extraction. Rules are in tables, one file per topic; every rule has a law.

mod chunk;
mod form;
mod forms;
#[cfg(test)]
mod laws;
mod slice;
mod text;

pub use form::{Form, OpTag, Rule};
pub use forms::{Forms, rules};
pub use slice::{Join, Operand, Slice};
