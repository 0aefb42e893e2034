//! Files that can be read to their ends.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum PlainError {
    /// The system does not hand it over.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A directory.
    #[error("it is a directory")]
    Directory,
    /// A pipe, a device or a socket.
    #[error("it is a pipe or a device, expected a plain file")]
    NotPlain,
    /// More bytes than such a file has.
    #[error("it has more than {0} bytes")]
    TooLong(u64),
}

/// Makes sure that a path is a plain file: a pipe without a writer would be waited for, a device has no end.
pub(crate) fn expect_plain(path: &Path) -> Result<(), PlainError> {
    match std::fs::metadata(path)? {
        about if about.is_file() => Ok(()),
        about if about.is_dir() => Err(PlainError::Directory),
        _ => Err(PlainError::NotPlain),
    }
}

/// All of a plain file.
///
/// # Errors
/// A file that cannot be read or is something else.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, PlainError> {
    expect_plain(path)?;
    Ok(std::fs::read(path)?)
}

/// All of a plain file of at most so many bytes.
///
/// # Errors
/// A file that cannot be read, is something else, or has more.
pub fn read_small(path: &Path, most: u64) -> Result<Vec<u8>, PlainError> {
    expect_plain(path)?;
    let mut bytes = Vec::new();
    // Counted while it is read: a file may grow, and files of the system say that they are empty.
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(PlainError::TooLong(most)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_file_or_too_long_is_told() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("file");
        std::fs::write(&file, "four").expect("written");
        assert_eq!(read_small(&file, 4).expect("read"), b"four");
        let said = |path: &Path, most| read_small(path, most).expect_err("refused").to_string();
        assert_eq!(said(&file, 3), "it has more than 3 bytes");
        assert_eq!(said(folder.path(), 3), "it is a directory");
        #[cfg(unix)]
        assert_eq!(said(Path::new("/dev/zero"), 3), "it is a pipe or a device, expected a plain file");
    }
}
