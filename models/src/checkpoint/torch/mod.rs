//! Checkpoints as `torch.save` writes them: a zip archive of a pickle and of storages.
//!
//! ```text
//! archive -> data.pkl -> values (nothing is called) -> the dictionary of tensors -> safetensors
//! ```
//!
//! A pickle is a program that may call anything. Here it is only read: [`globals`] lists the few names that mean
//! something, objects of other classes are values that nothing is known of, and names that reach the system are refused.
//! Sizes are held against the archive before anything of that size is allocated, and what many places of the pickle share
//! is there once: time and memory stay in proportion to the file.

mod archive;
mod error;
mod globals;
mod opcode;
mod pickle;
mod select;
#[cfg(test)]
mod tests;
mod value;
mod view;

use std::path::{Path, PathBuf};

use self::archive::Archive;
use self::error::TorchError;
use self::view::View;
use super::FileError;
use super::write::{ConvertError, Failure, Part};
use crate::output::OutputFile;

/// A checkpoint of which names and shapes are known, the numbers not yet.
#[derive(Debug)]
pub struct TorchFile {
    path: PathBuf,
    archive: Archive,
    /// By the size of their numbers, the largest first, so that each begins at a multiple of it.
    tensors: Vec<(String, View)>,
    skipped: Vec<String>,
}

impl TorchFile {
    /// Reads what a file says of its tensors. `key` names the dictionary that holds them (`ema.params` for one inside
    /// another); without it, it is `state_dict` if there is one, else the only one that has tensors.
    ///
    /// # Errors
    /// A file that cannot be read, is no whole archive, asks for a name that is refused, or has no such dictionary.
    pub fn open(path: impl AsRef<Path>, key: Option<&str>) -> Result<TorchFile, FileError> {
        let path = path.as_ref();
        let archive = Archive::open(path)?;
        let fail = |problem: TorchError| FileError::File { file: path.to_path_buf(), problem: problem.to_string() };
        let pickle = archive.pickle().map_err(fail)?;
        let found = pickle::read(&pickle).and_then(|values| {
            let tensors = select::tensors(&values, pickle.len(), key)?;
            Ok((view::checked(tensors, &values, &archive)?, values.skipped()))
        });
        let (mut tensors, skipped) = found.map_err(fail)?;
        tensors.sort_by(|(a, x), (b, y)| (y.size(), &x.storage, a).cmp(&(x.size(), &y.storage, b)));
        Ok(TorchFile { path: path.to_path_buf(), archive, tensors, skipped })
    }

    /// The tensors' names and extents.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[u64])> {
        self.tensors.iter().map(|(name, view)| (name.as_str(), &*view.shape))
    }

    /// Bytes of all tensors.
    pub fn bytes(&self) -> u64 {
        self.tensors.iter().map(|(_, view)| view.bytes()).sum()
    }

    /// Classes and functions that the file names beside its tensors; nothing of them was read.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// Writes the tensors as a safetensors file, their names and kinds of numbers kept. One storage is held at a time.
    ///
    /// # Errors
    /// A storage that is broken, or a disk that is full; then nothing is left.
    pub fn convert(&self, output: OutputFile) -> Result<(), ConvertError> {
        let parts: Vec<Part<'_>> = self.tensors.iter().map(|(name, view)| view.part(name)).collect();
        let texts = [("format".to_string(), "pt".to_string())].into();
        let mut held: Option<(&str, Vec<u8>)> = None;
        output.write_parts(&parts, &texts, |k, file| {
            let view = &self.tensors[k].1;
            if held.as_ref().is_none_or(|(key, _)| **key != *view.storage) {
                held = None;
                let fail = |problem: TorchError| {
                    Failure::Source(FileError::File { file: self.path.clone(), problem: problem.to_string() })
                };
                held = Some((&view.storage, self.archive.storage(&view.storage).map_err(fail)?));
            }
            let storage = held.as_ref().map_or(&[][..], |(_, bytes)| bytes);
            Ok(view.write(storage, file)?)
        })
    }
}
