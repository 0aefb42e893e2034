//! Checksums, made while bytes go by.

use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::{cannot_write, file_error};
use super::{StoreError, Watch};
use crate::checkpoint::open_plain;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;

/// What went by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) bytes: u64,
    /// SHA-256, as everybody writes it.
    pub(super) sha256: String,
}

/// Copies at most `most` bytes from one file to another; of a longer one, one byte more is told.
pub(super) fn copy(
    (from, input): (&Path, &mut dyn Read),
    (to, output): (&Path, &mut dyn Write),
    most: u64,
    watch: Watch<'_>,
) -> Result<Passed, StoreError> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut bytes = 0;
    let mut input = input.take(most.saturating_add(1));
    loop {
        let count = match input.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(file_error(from, format!("cannot be read: {error}"))),
        };
        hash.update(&piece[..count]);
        output.write_all(&piece[..count]).map_err(|e| cannot_write(to, e))?;
        bytes += count as u64;
        watch(count as u64)?;
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Passed { bytes, sha256 })
}

/// Length and checksum of a whole file.
pub(super) fn digest(path: &Path, watch: Watch<'_>) -> Result<Passed, StoreError> {
    let (mut file, _) = open_plain(path, "file of weights")?;
    copy((path, &mut file), (path, &mut std::io::sink()), u64::MAX - 1, watch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_sha256_and_lengths_are_bounded() {
        let passed = |text: &str, most| {
            let place = Path::new("x");
            copy((place, &mut text.as_bytes()), (place, &mut Vec::new()), most, &|_| Ok(())).expect("copied")
        };
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(passed("abc", 3), Passed { bytes: 3, sha256: abc.into() });
        assert_eq!(passed("abcdef", 3).bytes, 4);
    }
}
