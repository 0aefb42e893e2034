//! A process from its arguments to its exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use super::error::CliError;
use super::print::{print, refuse};
use super::signals;

/// Reads this process's arguments and does what they ask. A mistake is one line on the standard error and exit code 2;
/// so is a bug, with its place.
pub fn process<A: Parser>(run: impl FnOnce(&A) -> Result<ExitCode, CliError> + std::panic::UnwindSafe) -> ExitCode {
    process_of(std::env::args_os(), run)
}

/// As [`process`] with other words than this process's; the first one is the program's name.
pub(crate) fn process_of<A: Parser>(
    words: impl IntoIterator<Item = OsString>,
    run: impl FnOnce(&A) -> Result<ExitCode, CliError> + std::panic::UnwindSafe,
) -> ExitCode {
    let arguments = match A::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => return explain::<A>(&error),
    };
    signals::watch();
    std::panic::set_hook(Box::new(|panic| {
        refuse(&format!("this is a bug in crease, please report it: {panic}"));
    }));
    let arguments = std::panic::AssertUnwindSafe(arguments);
    let done = std::panic::catch_unwind(move || run(&arguments));
    done.map_or(ExitCode::from(2), |done| done.unwrap_or_else(|error| refuse(&error.to_string())))
}

/// Help and version on the standard output; a mistake in one line.
fn explain<A: Parser>(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print(&error.render().to_string()).map_or_else(|e| refuse(&e.to_string()), |()| ExitCode::SUCCESS)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => refuse(&no_command(&A::command())),
        _ => {
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let kept = text.split("\n\n").filter(|part| !part.starts_with("Usage:") && !part.starts_with("For more"));
            let words: Vec<&str> = kept.flat_map(str::split_whitespace).collect();
            refuse(&words.join(" "))
        }
    }
}

/// Which commands there are, for whoever gave none.
fn no_command(command: &clap::Command) -> String {
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let (last, first) = names.split_last().unwrap_or((&"", &[]));
    format!("expected a command: {} or {last} (see {} --help)", first.join(", "), command.get_name())
}
