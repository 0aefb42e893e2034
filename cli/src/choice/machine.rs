//! How many threads a command uses.

use std::num::NonZeroUsize;

use crease_runtime::{Cpu, cpu};

use crate::terminal::{CliError, usage};

/// Most threads that a plan may be made for.
const MOST_THREADS: usize = 1024;

/// The number of threads asked for, within reason.
pub(crate) fn threads(asked: Option<NonZeroUsize>) -> Result<usize, CliError> {
    match asked {
        None => Ok(cpu::pool::available_threads().max(1)),
        Some(n) if n.get() <= MOST_THREADS => Ok(n.get()),
        Some(n) => Err(usage(format!("--threads must be from 1 to {MOST_THREADS}, found {n}"))),
    }
}

/// This machine with a number of threads, all of them unless told.
///
/// # Errors
/// More threads than a plan may be made for, or a machine that nothing runs on.
pub fn machine(asked: Option<NonZeroUsize>) -> Result<Cpu, CliError> {
    Ok(Cpu::new(Some(threads(asked)?))?)
}
