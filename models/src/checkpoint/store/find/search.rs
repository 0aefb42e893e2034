//! Wheels, and what was in them, anywhere in a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::error::file_error;
use super::super::make::Source;
use super::super::table::{Member, Package, Set};
use crate::checkpoint::StoreError;

/// Folders inside each other that are looked into.
pub(super) const DEEPEST: usize = 8;
/// Most files that are looked at: a folder of more is no folder of weights, but perhaps a whole disk.
const MOST_FILES: usize = 200_000;

/// What a folder holds of a set.
#[derive(Debug, Default)]
pub(in super::super) struct Found {
    /// By their places in wheels.
    members: BTreeMap<&'static str, PathBuf>,
    /// By their names.
    wheels: BTreeMap<&'static str, PathBuf>,
}

impl Found {
    pub(in super::super) fn within(folder: &Path, set: &Set) -> Result<Found, StoreError> {
        let mut found = Found::default();
        let mut looked = 0;
        let mut level = vec![folder.to_path_buf()];
        // Level by level, each in order: what is nearest is meant, on every system.
        for _ in 0..=DEEPEST {
            let mut below = Vec::new();
            for folder in level {
                // A folder that may not be read holds nothing for this user.
                let Ok(entries) = std::fs::read_dir(&folder) else { continue };
                let mut paths = Vec::new();
                for entry in entries.filter_map(Result::ok) {
                    looked += 1;
                    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                    if is_folder { below.push(entry.path()) } else { paths.push(entry.path()) }
                }
                if looked > MOST_FILES {
                    let problem = format!("holds more than {MOST_FILES} files: name the folder with the weights");
                    return Err(file_error(&folder, problem));
                }
                paths.sort();
                paths.iter().for_each(|path| found.look(path, set));
            }
            below.sort();
            level = below;
        }
        Ok(found)
    }

    fn look(&mut self, path: &Path, set: &Set) {
        for package in set.packages {
            if path.file_name().is_some_and(|name| name == package.wheel) && path.is_file() {
                self.wheels.entry(package.wheel).or_insert_with(|| path.to_path_buf());
            }
            for member in package.members.iter().chain([&package.licence.text]) {
                if path.ends_with(member.path) && path.is_file() {
                    self.members.entry(member.path).or_insert_with(|| path.to_path_buf());
                }
            }
        }
    }

    /// Where a member's bytes are: as a file first, for that is what a user who changes weights would change.
    pub(in super::super) fn source(&self, package: &Package, member: &Member) -> Option<Source> {
        let file = self.members.get(member.path).cloned().map(Source::File);
        file.or_else(|| self.wheels.get(package.wheel).cloned().map(Source::Wheel))
    }
}
