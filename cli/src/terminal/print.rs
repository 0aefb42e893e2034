//! The two streams of a process.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use super::error::CliError;
use super::words::one_line;

/// Writes to the standard output. A reader that has had enough is no error.
///
/// # Errors
/// A standard output that cannot be written to.
pub fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::Print(error)),
        _ => Ok(()),
    }
}

/// Writes a message as one line to the standard error, and gives the exit code of a mistake.
pub(crate) fn refuse(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "crease: {}", one_line(message));
    ExitCode::from(2)
}
