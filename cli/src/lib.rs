//! The `crease` command: what models there are, plans, runs, checks against references, alignments, structures and
//! checkpoints.
//!
//! A mistake is one line on the standard error and exit code 2; a reference that is missed is exit code 1.
//! What other programs of the project share with it is public: how a command speaks, and the machine it runs on.

mod choice;
mod commands;
mod page;
mod report;
pub mod terminal;

pub use choice::machine;
pub use commands::{command, main};
