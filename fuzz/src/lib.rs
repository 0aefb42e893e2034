//! Fuzz targets: every reader of what somebody else wrote, with any bytes for input.
//!
//! ```text
//! seeds -> changes that keep the format -> target: may refuse, must not panic, hang or hold much memory
//! ```
//!
//! Two drivers: `crease-fuzz` draws changes blindly and needs nothing but Rust, so it is what CI runs; `guided` is the
//! same under libFuzzer, which keeps inputs that reach new code. `fuzz/README.md` says how to run both.

pub mod driver;
pub mod file;
pub mod mutate;
pub mod target;

// The macro's own sources: a crate of procedural macros exports nothing else.
#[path = "../../macros/src/check.rs"]
mod check;
#[path = "../../macros/src/emit.rs"]
mod emit;
#[path = "../../macros/src/error.rs"]
mod error;
#[path = "../../macros/src/keep.rs"]
mod keep;
#[path = "../../macros/src/link.rs"]
mod link;
#[path = "../../macros/src/parse/mod.rs"]
mod parse;
#[path = "../../macros/src/signature.rs"]
mod signature;

extern crate proc_macro;
