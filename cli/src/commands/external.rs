//! `crease NAME` for a name that is no command here: the program `crease-NAME` beside this one, as cargo and git do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::terminal::{CliError, suggestion, usage};

/// What `--help` says of such programs.
pub(super) const HELP: &str = "Any other NAME runs the program crease-NAME that stands beside this one. `crease bench` \
    measures what is promised of Crease: cargo build --release -p crease-bench";

/// Runs the program that the first word names with the words after it. `known` are the commands that need none.
pub(super) fn run(words: &[OsString], known: &[String]) -> Result<ExitCode, CliError> {
    let (name, arguments) = words.split_first().map_or(("".into(), words), |(n, rest)| (n.to_string_lossy(), rest));
    let missing = |nor: &str| {
        let near = suggestion(&name, known.iter().map(String::as_str));
        usage(format!("there is no command `{}`{nor}: {near}", name.escape_debug()))
    };
    // A path would lead away from this program's folder.
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        return Err(missing(""));
    }
    let own = std::env::current_exe().map_err(|e| usage(format!("where this program stands is not known: {e}")))?;
    let program = beside(&own, &name);
    if !program.is_file() {
        return Err(match &*name {
            "bench" => usage(format!(
                "{} is not there: build it with `cargo build --release -p crease-bench`",
                program.display()
            )),
            _ => missing(&format!(" and no program {}", program.display())),
        });
    }
    start(&program, arguments).map_err(|e| usage(format!("{} cannot be run: {e}", program.display())))
}

/// Where the program of a name stands.
fn beside(own: &Path, name: &str) -> PathBuf {
    own.with_file_name(format!("crease-{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The program takes this one's place, so that signals and exit codes are its own.
#[cfg(unix)]
fn start(program: &Path, arguments: &[OsString]) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(Command::new(program).args(arguments).exec())
}

#[cfg(not(unix))]
fn start(program: &Path, arguments: &[OsString]) -> std::io::Result<ExitCode> {
    let code = Command::new(program).args(arguments).status()?.code();
    Ok(code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
