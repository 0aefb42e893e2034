//! Where a path leads: through links, to a plain file, to a device, or to nothing yet.

use std::fs::{Metadata, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::{OutputError, OutputProblem};

/// Links behind each other that are followed, as many as Linux follows.
const MOST_LINKS: usize = 40;

/// What stands at the end of a path.
#[derive(Debug)]
pub(super) enum Place {
    /// A plain file, or a name in a directory that is free; no part of the path is a link.
    Plain { path: PathBuf, there: Option<Metadata> },
    /// A device, a pipe, a socket or an open file of a process (`/dev/stdout`): written directly.
    Direct { path: PathBuf },
}

impl Place {
    /// Where an output goes, and that it may be written there.
    pub(super) fn of_output(path: &Path) -> Result<Place, OutputError> {
        let fail = |problem| OutputError::new(path, problem);
        // Asked through the path as it is, so that the system's own rules for links hold (in /tmp, say).
        let there = match std::fs::metadata(path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(OutputError::io(path, error)),
        };
        if there.as_ref().is_some_and(Metadata::is_dir) {
            return Err(fail(OutputProblem::Directory));
        }
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return Ok(Place::Direct { path: path.to_path_buf() });
        }
        match followed(path) {
            Ok(Followed::Process) => Ok(Place::Direct { path: path.to_path_buf() }),
            Ok(Followed::Plain(plain)) => {
                if there.is_some() {
                    // A file that must not be written must not be replaced either.
                    OpenOptions::new().write(true).open(path).map_err(|error| OutputError::io(path, error))?;
                }
                Ok(Place::Plain { path: plain, there })
            }
            Err(Lost::Name) => Err(fail(OutputProblem::NoName)),
            Err(Lost::Directory(folder)) => Err(fail(OutputProblem::NoDirectory(folder))),
            Err(Lost::Io(error)) => Err(OutputError::io(path, error)),
        }
    }

    /// What tells whether two paths are one file; nothing for devices and directories, which hold nothing that a second
    /// use destroys.
    pub(super) fn identities(path: &Path) -> Vec<Identity> {
        let there = std::fs::metadata(path).ok();
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return Vec::new();
        }
        let named = match followed(path) {
            Ok(Followed::Plain(path)) => Some(Identity::Path(path)),
            _ => None,
        };
        named.into_iter().chain(there.as_ref().and_then(numbered)).collect()
    }
}

/// A file, by where it is or by what the system calls it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// A path without links.
    Path(PathBuf),
    /// Device and inode: two hard links have the same.
    #[cfg_attr(not(unix), allow(dead_code))]
    Inode(u64, u64),
}

#[cfg(unix)]
fn numbered(there: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some(Identity::Inode(there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn numbered(_: &Metadata) -> Option<Identity> {
    None
}

enum Followed {
    Plain(PathBuf),
    /// An open file of a process; its name is of no use, it may be gone.
    Process,
}

enum Lost {
    Name,
    Directory(PathBuf),
    Io(std::io::Error),
}

/// The end of a path's links, whether it exists or not.
fn followed(path: &Path) -> Result<Followed, Lost> {
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let name = path.file_name().ok_or(Lost::Name)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = match folder.canonicalize() {
            Ok(found) if found.is_dir() => found,
            Ok(_) => return Err(Lost::Directory(folder.to_path_buf())),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Lost::Directory(folder.to_path_buf())),
            Err(error) => return Err(Lost::Io(error)),
        };
        if cfg!(target_os = "linux") && folder.starts_with("/proc") {
            return Ok(Followed::Process);
        }
        let whole = folder.join(name);
        match std::fs::read_link(&whole) {
            // A relative link is meant from where the link is; an absolute one takes the place of all of it.
            Ok(to) => path = folder.join(to),
            // No link, or nothing at all.
            Err(_) => return Ok(Followed::Plain(whole)),
        }
    }
    Err(Lost::Io(std::io::Error::other("its links lead nowhere")))
}
