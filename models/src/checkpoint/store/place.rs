//! Where weights are kept.

use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};

use super::StoreError;

/// The user's folder of what can be had again: `$XDG_CACHE_HOME/crease`, or where the system keeps such things.
///
/// # Errors
/// A user without a home.
pub fn cache() -> Result<PathBuf, StoreError> {
    // On systems with a place of their own, too: whoever sets it wants it there. A relative one means nothing.
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = match named {
        Some(folder) => folder,
        None => choose_native_strategy().map_err(|_| StoreError::NoCache)?.cache_dir(),
    };
    Ok(folder.join("crease"))
}
