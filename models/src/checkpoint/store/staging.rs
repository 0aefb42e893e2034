//! Folders in which something is made before it takes its place, so that what is half made never stands there.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::StoreError;
use super::error::{cannot_write, file_error};
use crate::checkpoint::FileError;
use crate::output::OutputError;

/// What the names of these folders begin and end with; random letters and digits stand between.
const BEFORE: &str = ".crease.";
const AFTER: &str = ".part";
const RANDOM: usize = 16;

/// How old a folder without a lock must be to be left over: it may be about to get one.
const BEGUN: Duration = Duration::from_secs(60);

/// A hidden folder beside a place, gone when this value is.
#[derive(Debug)]
pub(super) struct Staging {
    folder: TempDir,
    /// Folders that were made to hold it, the innermost first; they stay when something came to stand in them.
    made: Vec<PathBuf>,
    /// Held as long as this process works in it.
    lock: Option<File>,
}

impl Staging {
    /// Makes the folder in another, which is made if it is not there. What dead processes left there is removed.
    pub(super) fn new(within: &Path) -> Result<Staging, StoreError> {
        let fail = |e: std::io::Error| cannot_write(within, e);
        let new = within.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let made: Vec<PathBuf> = new.map(Path::to_path_buf).collect();
        std::fs::create_dir_all(within).map_err(fail)?;
        sweep(within);
        // Programs that work in it do so from elsewhere.
        let absolute = std::path::absolute(within).map_err(fail)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(BEFORE).suffix(AFTER).rand_bytes(RANDOM);
        let folder = builder.tempdir_in(absolute).map_err(fail)?;
        let mut staging = Staging { folder, made, lock: None };
        let lock = File::create(staging.path("lock")).map_err(fail)?;
        // A file system without locks: then nobody else sweeps either.
        let _ = lock.try_lock();
        staging.lock = Some(lock);
        Ok(staging)
    }

    /// A place inside.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An error of a file inside, told of the place that it was made for.
    pub(super) fn outside(&self, error: StoreError, place: &Path) -> StoreError {
        let inside = |file: &Path| file.starts_with(self.folder.path());
        match error {
            StoreError::File(FileError::File { file, problem }) if inside(&file) => file_error(place, problem),
            StoreError::Output(OutputError { file, problem }) if inside(&file) => {
                OutputError { file: place.to_path_buf(), problem }.into()
            }
            StoreError::Checksum { file, what, found, expected } if inside(&file) => {
                StoreError::Checksum { file: place.to_path_buf(), what, found, expected }
            }
            other => other,
        }
    }

    /// Moves what was made inside to its place. What stood there is removed afterwards.
    pub(super) fn settle(&self, name: &str, place: &Path) -> Result<(), StoreError> {
        let fail = |e: std::io::Error| cannot_write(place, e);
        let made = self.path(name);
        if !made.is_dir() {
            return std::fs::rename(&made, place).map_err(fail);
        }
        let before = self.path("before");
        let stood = match std::fs::rename(place, &before) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(fail(error)),
        };
        std::fs::rename(&made, place).map_err(|error| {
            if stood {
                let _ = std::fs::rename(&before, place);
            }
            fail(error)
        })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Some systems do not remove open files.
        self.lock = None;
        let _ = std::fs::remove_dir_all(self.folder.path());
        self.made.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
    }
}

/// Removes folders whose processes are gone; that it cannot is no matter.
fn sweep(within: &Path) {
    let Ok(entries) = std::fs::read_dir(within) else { return };
    for folder in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(BEFORE) && name.ends_with(AFTER) && left_over(&folder) {
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}

fn left_over(folder: &Path) -> bool {
    match File::open(folder.join("lock")) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(_) => {
            let made = folder.metadata().and_then(|about| about.modified());
            made.is_ok_and(|made| SystemTime::now().duration_since(made).is_ok_and(|age| age > BEGUN))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(test: &str) -> PathBuf {
        let place = std::env::temp_dir().join(format!("crease-staging-{}-{test}", std::process::id()));
        let _ = std::fs::remove_dir_all(&place);
        place
    }

    #[test]
    fn what_is_made_takes_its_place_whole() {
        let place = place("settle");
        for text in ["old", "new"] {
            let staging = Staging::new(&place).expect("a folder");
            std::fs::create_dir(staging.path("set")).expect("made");
            std::fs::write(staging.path("set").join(text), text).expect("written");
            staging.settle("set", &place.join("set")).expect("moved");
        }
        assert!(place.join("set/new").is_file() && !place.join("set/old").exists());
        assert_eq!(std::fs::read_dir(&place).expect("a folder").count(), 1);
        std::fs::remove_dir_all(&place).expect("removed");
    }

    #[test]
    fn only_what_is_left_over_is_swept() {
        let place = place("sweep");
        let held = Staging::new(&place).expect("a folder");
        let dead = place.join(".crease.1.0.part");
        std::fs::create_dir(&dead).expect("made");
        std::fs::write(dead.join("lock"), "").expect("written");
        let begun = place.join(".crease.2.0.part");
        std::fs::create_dir(&begun).expect("made");
        let other = Staging::new(&place).expect("a folder");
        assert!(held.folder.path().is_dir() && other.folder.path().is_dir() && begun.is_dir() && !dead.exists());
        std::fs::remove_dir_all(&place).expect("removed");
    }
}
