//! The zip archive: which entries there are, and their bytes, checked.

use std::io::Read;
use std::path::Path;

use rawzip::CompressionMethod;

use super::super::FileError;
use super::super::open_plain;
use super::super::zip::{Entry, Zip};
use super::error::TorchError;
use crate::shown::shown;

/// Longest pickle that is read; those of large models have a hundredth of it.
const LONGEST_PICKLE: u64 = 64 << 20;

#[derive(Debug)]
pub(super) struct Archive {
    zip: Zip,
    /// What stands before every name.
    root: String,
    length: u64,
}

impl Archive {
    pub(super) fn open(path: &Path) -> Result<Archive, FileError> {
        let (mut file, length) = open_plain(path, "checkpoint of torch")?;
        let fail = |problem: TorchError| FileError::File { file: path.to_path_buf(), problem: problem.to_string() };
        let mut first = Vec::new();
        let read = (&mut file).take(4).read_to_end(&mut first);
        read.map_err(|e| fail(TorchError::Io(e.to_string())))?;
        // Torch before 1.6 wrote pickles behind each other; each begins with its protocol.
        if first.starts_with(&[0x80]) {
            return Err(fail(TorchError::Legacy));
        }
        if !first.starts_with(b"PK") {
            return Err(fail(TorchError::NoZip));
        }
        Self::read(file, length).map_err(fail)
    }

    fn read(file: std::fs::File, length: u64) -> Result<Archive, TorchError> {
        let zip = Zip::read(file).map_err(TorchError::Zip)?;
        let mut roots = zip.entries.keys().filter_map(|name| name.strip_suffix("data.pkl"));
        let mut roots = roots.by_ref().filter(|root| root.is_empty() || root.ends_with('/'));
        let root = match (roots.next(), roots.next()) {
            (Some(root), None) => root.to_string(),
            (None, _) => return Err(TorchError::NoPickle),
            _ => return Err(TorchError::SeveralPickles),
        };
        let archive = Archive { zip, root, length };
        match archive.zip.entries.contains_key(&format!("{}byteorder", archive.root)) {
            true if archive.bytes("byteorder", 16)? != b"little" => Err(TorchError::BigEndian),
            _ => Ok(archive),
        }
    }

    /// Bytes of the whole file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The pickle.
    pub(super) fn pickle(&self) -> Result<Vec<u8>, TorchError> {
        self.bytes("data.pkl", LONGEST_PICKLE)
    }

    /// How many bytes a storage has.
    pub(super) fn storage_bytes(&self, key: &str) -> Result<u64, TorchError> {
        Ok(self.entry(&format!("data/{key}"))?.place.uncompressed_size_hint())
    }

    /// The bytes of a storage.
    pub(super) fn storage(&self, key: &str) -> Result<Vec<u8>, TorchError> {
        self.bytes(&format!("data/{key}"), u64::MAX)
    }

    fn entry(&self, name: &str) -> Result<&Entry, TorchError> {
        let name = format!("{}{name}", self.root);
        self.zip.entries.get(&name).ok_or_else(|| TorchError::NoEntry(shown(&name)))
    }

    /// All of an entry, after a look at whether it can be as long as it says.
    fn bytes(&self, name: &str, most: u64) -> Result<Vec<u8>, TorchError> {
        let entry = self.entry(name)?;
        let name = shown(name);
        if entry.method != CompressionMethod::STORE {
            return Err(TorchError::Compressed(name));
        }
        let broken = |e: &dyn std::fmt::Display| TorchError::Entry { entry: name.clone(), problem: e.to_string() };
        let found = self.zip.archive.get_entry(entry.place).map_err(|e| broken(&e))?;
        let ((start, end), bytes) = (found.compressed_data_range(), entry.place.uncompressed_size_hint());
        if end > self.length || end.checked_sub(start) != Some(bytes) {
            return Err(TorchError::NotWhole { entry: name, bytes });
        }
        if bytes > most {
            return Err(TorchError::LongEntry { entry: name, bytes, most });
        }
        let mut read = vec![0; usize::try_from(bytes).map_err(|e| broken(&e))?];
        found.reader().read_exact(&mut read).map_err(|e| broken(&e))?;
        if rawzip::crc32(&read) != entry.crc {
            return Err(TorchError::Damaged(name));
        }
        Ok(read)
    }
}
