//! Output files: the one way in which every command writes them.
//!
//! ```text
//! path -> Place (what is there, links followed) -> a temporary file beside it -> renamed to the target's name
//!                                               \-> a device or pipe, written directly
//! ```
//!
//! A plain file is written under a random name beside its target and takes the target's place when it is whole, with the
//! mode of the file that it replaces. So nothing half-written ever has the target's name, whatever ends the process.
//! Temporary files are locked while their process lives: what killed processes leave is found by its name and removed by
//! the next command that writes to the same folder.
//!
//! [`Files`] refuses what would destroy data: output over a file that the same command reads, and two outputs in one
//! file, whatever paths and links lead there.

mod error;
mod file;
mod files;
mod place;
mod temporary;
#[cfg(test)]
mod tests;

pub use error::{OutputError, OutputProblem};
pub use file::{OutputFile, Writing};
pub use files::Files;
pub use temporary::remove_unfinished;
