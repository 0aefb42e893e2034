//! What an archive holds, listed once.

use std::collections::BTreeMap;
use std::fs::File;

use rawzip::{CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder};

use crate::shown::shown;

/// An open archive of which only the directory was read.
#[derive(Debug)]
pub(super) struct Zip {
    pub(super) archive: ZipArchive<FileReader>,
    /// Entries by their names; those whose names are no text are not there.
    pub(super) entries: BTreeMap<String, Entry>,
}

/// Where an entry lies, as the directory says.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) place: ZipArchiveEntryWayfinder,
    pub(super) method: CompressionMethod,
    pub(super) crc: u32,
}

impl Zip {
    pub(super) fn read(file: File) -> Result<Zip, String> {
        let broken = |e: rawzip::Error| format!("is no whole zip archive (is it truncated?): {e}");
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let archive = ZipArchive::from_file(file, &mut buffer).map_err(broken)?;
        let mut entries = BTreeMap::new();
        let mut headers = archive.entries(&mut buffer);
        while let Some(header) = headers.next_entry().map_err(broken)? {
            let Ok(name) = std::str::from_utf8(header.file_path().as_bytes()) else { continue };
            let (place, method, crc) = (header.wayfinder(), header.compression_method(), header.crc32());
            if entries.insert(name.to_string(), Entry { place, method, crc }).is_some() {
                return Err(format!("holds two entries `{}`", shown(name)));
            }
        }
        Ok(Zip { archive, entries })
    }
}
