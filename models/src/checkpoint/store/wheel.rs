//! Wheels: zip archives of which single members are taken out. Nothing else in them is looked at.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use rawzip::CompressionMethod;

use super::digest::copy;
use super::error::file_error;
use super::table::Member;
use super::{StoreError, Watch};
use crate::checkpoint::open_plain;
use crate::checkpoint::zip::Zip;

/// An open wheel.
#[derive(Debug)]
pub(super) struct Wheel {
    path: PathBuf,
    zip: Zip,
    length: u64,
}

impl Wheel {
    pub(super) fn open(path: &Path) -> Result<Wheel, StoreError> {
        let (file, length) = open_plain(path, "wheel")?;
        let zip = Zip::read(file).map_err(|problem| file_error(path, problem))?;
        Ok(Wheel { path: path.to_path_buf(), zip, length })
    }

    /// Writes a member's bytes, no more than it has, and holds them against its checksum.
    pub(super) fn extract(
        &self,
        member: &Member,
        (to, output): (&Path, &mut dyn Write),
        watch: Watch<'_>,
    ) -> Result<(), StoreError> {
        let fail = |problem: String| file_error(&self.path, problem);
        let broken = |e: rawzip::Error| fail(format!("member `{}` cannot be read: {e}", member.path));
        let entry = self.zip.entries.get(member.path).ok_or_else(|| fail(format!("has no `{}`", member.path)))?;
        let found = self.zip.archive.get_entry(entry.place).map_err(broken)?;
        if found.compressed_data_range().1 > self.length {
            return Err(fail(format!("member `{}` is not whole (is the wheel truncated?)", member.path)));
        }
        let packed = found.reader();
        let mut input: Box<dyn Read + '_> = match entry.method {
            CompressionMethod::STORE => Box::new(packed),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(packed)),
            other => return Err(fail(format!("member `{}` is packed by {other:?}, which is not read", member.path))),
        };
        let passed = copy((&self.path, input.as_mut()), (to, output), member.bytes, watch)?;
        if passed.bytes != member.bytes {
            let much = if passed.bytes > member.bytes { "more than" } else { "less than" };
            return Err(fail(format!("member `{}` holds {much} its {} bytes", member.path, member.bytes)));
        }
        member.expect(&self.path, &passed.sha256)
    }
}

impl Member {
    /// Refuses other bytes than were published.
    pub(super) fn expect(&self, file: &Path, sha256: &str) -> Result<(), StoreError> {
        if sha256 == self.sha256 {
            return Ok(());
        }
        let (found, expected) = (sha256.to_string(), self.sha256.to_string());
        Err(StoreError::Checksum { file: file.to_path_buf(), what: format!("`{}`", self.path), found, expected })
    }
}
