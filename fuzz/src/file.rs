//! Files for readers that take paths, in a folder that whoever starts the process makes and removes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The variable that names the folder.
pub const FOLDER: &str = "CREASE_FUZZ_FOLDER";

/// Makes a folder of a process's own; in memory where there is such a place, since a million files wear out a disk.
///
/// # Errors
/// It cannot be made.
pub fn make(name: &str) -> io::Result<PathBuf> {
    let memory = Path::new("/dev/shm");
    let within = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let folder = within.join(format!("crease-fuzz-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A file of this process's folder.
pub(crate) fn path(name: &str) -> PathBuf {
    static OWN: OnceLock<PathBuf> = OnceLock::new();
    let own = OWN.get_or_init(|| match std::env::var_os(FOLDER) {
        Some(folder) => folder.into(),
        None => make("own").expect("a folder for inputs can be made"),
    });
    own.join(name)
}

/// A file of this process's folder that holds these bytes.
pub(crate) fn holding(name: &str, data: &[u8]) -> PathBuf {
    let path = path(name);
    fs::write(&path, data).expect("an input can be written");
    path
}
