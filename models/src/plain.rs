//! Files that can be read to their ends.

use std::path::Path;

/// Makes sure that a path is a plain file: a pipe without a writer would be waited for, a device has no end.
pub(crate) fn expect_plain(path: &Path) -> Result<(), String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    match about.is_file() {
        true => Ok(()),
        false => Err(if about.is_dir() { "it is a directory" } else { "it is no plain file" }.into()),
    }
}
