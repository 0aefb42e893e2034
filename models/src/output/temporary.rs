//! Temporary files beside their targets: made, moved, and removed when their process is gone.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

/// What all names begin and end with, and how many random letters and digits stand between.
const BEFORE: &str = ".crease-";
const AFTER: &str = ".part";
const RANDOM: usize = 16;
/// How old an empty file without a lock must be to be left over: its process may be about to lock it.
const BEGUN: Duration = Duration::from_secs(60);

/// Files of this process that have not taken their place yet.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
/// Directories that were swept by this process.
static SWEPT: LazyLock<Mutex<BTreeSet<PathBuf>>> = LazyLock::new(Mutex::default);

/// A file beside its target. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Temporary {
    /// Always there, but while it is moved or removed.
    file: Option<NamedTempFile>,
}

impl Temporary {
    /// Makes a file in a directory, from which what killed processes have left is removed.
    pub(super) fn new(folder: &Path) -> io::Result<Temporary> {
        if locked(&SWEPT).insert(folder.to_path_buf()) {
            sweep(folder);
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(BEFORE).suffix(AFTER).rand_bytes(RANDOM);
        // As any new file: what the user's mask leaves.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut unfinished = locked(&UNFINISHED);
        let file = builder.tempfile_in(folder)?;
        unfinished.insert(file.path().to_path_buf());
        // On a file system without locks nobody can sweep either.
        let _ = file.as_file().try_lock();
        Ok(Temporary { file: Some(file) })
    }

    pub(super) fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().map(NamedTempFile::as_file_mut).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Moves the file to its target, whose owner and mode it takes, if the target is there.
    pub(super) fn settle(mut self, target: &Path, there: Option<&Metadata>) -> io::Result<()> {
        let Some(file) = self.file.take() else { return Err(io::ErrorKind::NotFound.into()) };
        if let Some(there) = there {
            resemble(file.as_file(), there)?;
        }
        file.as_file().sync_all()?;
        let mut unfinished = locked(&UNFINISHED);
        unfinished.remove(file.path());
        file.persist(target).map(drop).map_err(|failed| failed.error)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let mut unfinished = locked(&UNFINISHED);
            unfinished.remove(file.path());
            // That it is gone already is no matter.
            let _ = file.close();
        }
    }
}

/// Removes every file that this process has begun and not finished; for a process that is told to end.
///
/// The process must end at once afterwards: what is being written is lost, and whoever begins to write waits for ever.
pub fn remove_unfinished() {
    let unfinished = locked(&UNFINISHED);
    for path in unfinished.iter() {
        let _ = std::fs::remove_file(path);
    }
    // From here on nobody makes or moves a file.
    std::mem::forget(unfinished);
}

/// Gives a new file the owner, where the system allows it, and the mode of the one that it replaces.
#[cfg(unix)]
fn resemble(file: &File, there: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
        // Only a privileged user may give files away; the others own what they write.
        let _ = fchown(file, Some(there.uid()), Some(there.gid()));
    }
    // Without the bits that would let a program run as its owner.
    file.set_permissions(PermissionsExt::from_mode(there.mode() & 0o777))
}

#[cfg(not(unix))]
fn resemble(file: &File, there: &Metadata) -> io::Result<()> {
    file.set_permissions(there.permissions())
}

/// Removes what killed processes have left in a directory; that it cannot be is no matter.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        if is_name(&entry.file_name()) && left_over(&entry.path()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether a name is one of those made here.
fn is_name(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(BEFORE)?.strip_suffix(AFTER));
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Whether no process holds the lock of a file. Links and pipes are nobody's temporary files.
fn left_over(path: &Path) -> bool {
    let Ok(there) = std::fs::symlink_metadata(path) else { return false };
    if !there.is_file() {
        return false;
    }
    let age = there.modified().ok().and_then(|made| SystemTime::now().duration_since(made).ok());
    let begun = there.len() == 0 && age.is_none_or(|age| age < BEGUN);
    !begun && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A set of paths is whole whatever its last user did.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn only_names_made_here_are_swept() {
        for (name, expected) in [
            (".crease-0123456789abcdEF.part", true),
            (".crease-0123456789abcdE.part", false),
            (".crease-0123456789abcd-F.part", false),
            (".crease-0123456789abcdEF.pdb", false),
            ("crease-0123456789abcdEF.part", false),
            (".x.pdb.17.part", false),
        ] {
            assert_eq!(is_name(OsStr::new(name)), expected, "{name}");
        }
    }

    /// What a killed process leaves, as far as this process can make it: its lock is free.
    pub(in super::super) const DEAD: &str = ".crease-0123456789abcdEF.part";

    #[test]
    fn what_is_left_is_removed_and_what_is_used_stays() {
        let folder = tempfile::tempdir().expect("a directory");
        let mut used = Temporary::new(folder.path()).expect("made");
        io::Write::write_all(used.file().expect("there"), b"half").expect("written");
        let [dead, begun] = [DEAD, ".crease-0123456789abcdEG.part"].map(|name| folder.path().join(name));
        std::fs::write(&dead, "half").expect("written");
        std::fs::write(&begun, "").expect("written");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&dead, folder.path().join(".crease-0123456789abcdEH.part")).expect("linked");
        sweep(folder.path());
        let path = used.file.as_ref().expect("there").path().to_path_buf();
        assert!(path.exists() && begun.exists() && !dead.exists());
        #[cfg(unix)]
        assert!(folder.path().join(".crease-0123456789abcdEH.part").is_symlink());
        drop(used);
        assert!(!path.exists());
    }

    #[test]
    fn an_ended_process_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a directory");
        let used = Temporary::new(folder.path()).expect("made");
        let path = used.file.as_ref().expect("there").path().to_path_buf();
        assert!(locked(&UNFINISHED).contains(&path));
        drop(used);
        assert!(!locked(&UNFINISHED).contains(&path));
    }
}
