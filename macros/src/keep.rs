//! Plans kept in files between builds, each named by the digest of what it depends on.
//!
//! Only if a folder `.crease` is beside the manifest of the crate being compiled: users who want
//! to keep plans create it, and may commit it. Its contents are returned unchecked: the caller checks them.

use std::fs;
use std::path::PathBuf;

use crease_core::lang::Keeper;

/// The folder of the crate being compiled, if it has one.
pub(crate) struct Folder(Option<PathBuf>);

impl Folder {
    pub(crate) fn here() -> Folder {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        Folder(manifest.map(|folder| folder.join(".crease")).filter(|folder| folder.is_dir()))
    }

    fn file(&self, inputs: &str) -> Option<PathBuf> {
        let folder = self.0.as_ref()?;
        Some(folder.join(format!("{inputs}.plan")))
    }
}

impl Keeper for Folder {
    fn find(&self, inputs: &str) -> Option<String> {
        fs::read_to_string(self.file(inputs)?).ok()
    }

    fn keep(&self, inputs: &str, plan: &str) {
        let Some(file) = self.file(inputs) else { return };
        // Several compilers may keep the same plan at once: each writes a file of its own and renames it.
        let own = file.with_extension(format!("{}.tmp", std::process::id()));
        if fs::write(&own, plan).and_then(|()| fs::rename(&own, &file)).is_err() {
            let _ = fs::remove_file(&own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_found_where_it_was_kept_and_nowhere_else() {
        let folder = std::env::temp_dir().join(format!("crease-keep-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let keeper = Folder(Some(folder.clone()));
        assert_eq!(keeper.find("0123"), None);
        keeper.keep("0123", "plan");
        assert_eq!(keeper.find("0123").as_deref(), Some("plan"));
        assert_eq!(keeper.find("4567"), None);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
        let nowhere = Folder(None);
        nowhere.keep("0123", "plan");
        assert_eq!(nowhere.find("0123"), None);
    }
}
