//! Files in memory for readers that take paths.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of this thread's own, gone when the thread ends.
pub struct Scratch {
    folder: PathBuf,
}

/// A file that is written anew for every input.
pub struct Input<'a> {
    path: &'a Path,
}

impl Scratch {
    /// Gives a file of a name in this thread's folder.
    pub fn of_this_thread<T>(name: &str, each: impl FnOnce(Input<'_>) -> T) -> T {
        thread_local!(static OWN: OnceCell<Scratch> = const { OnceCell::new() });
        OWN.with(|own| {
            let path = own.get_or_init(Scratch::new).folder.join(name);
            each(Input { path: &path })
        })
    }

    fn new() -> Scratch {
        let thread = std::thread::current().id();
        let name = format!("crease-fuzz-{}-{thread:?}", std::process::id());
        // Where there is one, a file system in memory: a million files wear out a disk.
        let memory = Path::new("/dev/shm");
        let within = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let folder = within.join(name.replace(['(', ')'], ""));
        fs::create_dir_all(&folder).expect("a folder for inputs can be made");
        Scratch { folder }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl<'a> Input<'a> {
    /// The file's place, after these bytes were written to it.
    pub fn holding(&self, data: &[u8]) -> &'a Path {
        fs::write(self.path, data).expect("an input can be written");
        self.path
    }

    /// The file's place.
    pub fn path(&self) -> &'a Path {
        self.path
    }
}
