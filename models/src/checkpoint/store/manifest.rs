//! What a set's folder says of itself, so that it can be checked again.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::digest::{Passed, digest};
use super::error::file_error;
use super::table::Set;
use super::{StoreError, Watch};
use crate::output::OutputFile;

const NAME: &str = "manifest.json";
/// Longest manifest that is read.
const LONGEST: u64 = 1 << 20;

/// How a set's folder is.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// There is nothing.
    Absent,
    /// Every file has the bytes that it was written with.
    Whole,
    /// It was written here, but is not what it was, or of other versions.
    Damaged(String),
}

/// Looks at every byte of a folder.
///
/// # Errors
/// A folder that `crease weights` did not write, which must not be replaced.
pub fn state(set: &Set, folder: &Path, watch: Watch<'_>) -> Result<State, StoreError> {
    let mut entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(State::Absent),
        Err(error) => return Err(file_error(folder, format!("cannot be read: {error}"))),
    };
    if entries.next().is_none() {
        return Ok(State::Absent);
    }
    let place = folder.join(NAME);
    let small = place.metadata().is_ok_and(|about| about.is_file() && about.len() <= LONGEST);
    let text = if small { std::fs::read(&place).ok() } else { None };
    let known = text.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    let Some(known) = known.filter(|known| known["set"] == set.name) else {
        let problem = "was not written by `crease weights`: move it away, or name another place by --to";
        return Err(file_error(folder, problem));
    };
    if known["packages"] != packages(set) {
        return Ok(State::Damaged("is of other versions".into()));
    }
    let (none, files) = (Map::new(), known["files"].as_object());
    let files = files.unwrap_or(&none);
    for name in names(set) {
        let path = folder.join(name);
        let Some(expected) = files.get(name) else {
            return Ok(State::Damaged(format!("does not know `{name}`")));
        };
        if !path.is_file() {
            return Ok(State::Damaged(format!("has no `{name}`")));
        }
        if about(&digest(&path, watch)?) != *expected {
            return Ok(State::Damaged(format!("has another `{name}` than was written")));
        }
    }
    Ok(State::Whole)
}

/// Writes what was made.
pub(super) fn write(set: &Set, folder: &Path, made: &[(&'static str, Passed)]) -> Result<(), StoreError> {
    let files: Map<String, Value> = made.iter().map(|(name, passed)| ((*name).to_string(), about(passed))).collect();
    let text = json!({ "set": set.name, "packages": packages(set), "files": files });
    Ok(OutputFile::new(folder.join(NAME))?.write_text(&format!("{text:#}\n"))?)
}

/// Every file beside the manifest.
fn names(set: &Set) -> impl Iterator<Item = &'static str> {
    let texts = set.packages.iter().map(|package| package.licence.text.becomes);
    set.members().map(|(_, member)| member.becomes).chain(texts)
}

fn packages(set: &Set) -> Value {
    let package = |p: &super::table::Package| json!({ "name": p.name, "version": p.version, "sha256": p.sha256 });
    set.packages.iter().map(package).collect()
}

fn about(passed: &Passed) -> Value {
    json!({ "bytes": passed.bytes, "sha256": passed.sha256 })
}
