//! The machine: its instruction set, its table of figures, and what arithmetic costs there.

mod instructions;
mod table;
mod target;
mod work;

pub use instructions::InstructionSet;
pub use table::{Table, TableError};
pub use target::Target;
pub(in crate::plan) use work::{TILE, per_microsecond, work};
