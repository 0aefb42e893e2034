//! The builder: graphs made by plain function calls. The language is sugar on this.
//!
//! Every function checks the shapes it is given and says what is wrong in words; shape rules stand
//! here and nowhere else.

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
