//! How a command speaks: results on the standard output, a mistake as one line on the standard error.

mod error;
mod outcome;
mod print;
mod process;
pub(crate) mod profile;
pub(crate) mod signals;
mod trace;
mod words;

pub use error::{CliError, usage};
pub(crate) use outcome::{Outcome, Ran};
pub use print::print;
pub use process::process;
pub(crate) use process::process_of;
pub(crate) use words::suggestion;
pub use words::{one_line, seconds};
