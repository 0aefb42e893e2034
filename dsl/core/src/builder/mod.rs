//! The builder: graphs made by plain function calls. The language is sugar on this.
//!
//! Every function checks the shapes of its operands and returns a readable error; shape rules are
//! defined here and nowhere else.

mod arithmetic;
mod compose;
mod contraction;
mod fault;
mod graph;
mod layout;
mod rows;

pub use arithmetic::Arg;
pub use compose::Meaning;
pub use contraction::EinsumSpec;
pub use fault::{Fault, FaultKind};
pub use graph::Builder;
