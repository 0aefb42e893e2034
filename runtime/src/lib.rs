//! Runs plans: one arena, kernels, weights. It never rewrites; it executes the form it is given.

pub mod arena;
mod backend;
#[doc(hidden)]
pub mod conformance;
pub mod cpu;
mod error;
mod file;
#[cfg(feature = "gemm")]
#[doc(hidden)]
pub mod gemm;
mod process;
mod run;
mod weights;

pub use backend::{Backend, Operands};
pub use cpu::Cpu;
pub use error::RunError;
pub use file::{FileError, TensorFile, open_plain};
pub use process::{forget_peak_resident, peak_resident_bytes, resident_bytes};
pub use run::{Checks, Event, Executable, Progress};
pub use weights::{Weights, WeightsError};
