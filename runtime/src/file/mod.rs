//! Safetensors files, read tensor by tensor to where the numbers are needed.
//!
//! Nothing is mapped: a page of a mapped file counts as held and may vanish with the file, a read holds what it was asked
//! for and reports what is wrong.

mod error;
mod header;
mod numbers;

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use safetensors::Dtype;

pub use error::FileError;
use header::{Header, Info};
pub(crate) use numbers::first_not_finite;

/// An open file of which only the header was read.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    file: File,
    tensors: BTreeMap<String, Info>,
    metadata: BTreeMap<String, String>,
}

/// Numbers read at a time: few enough to be checked while they are in a nearby cache.
const PIECE: usize = 1 << 16;
/// Bytes read at a time where they must be converted.
const RAW_PIECE: usize = 1 << 16;

impl TensorFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// A file that cannot be read, or is no whole safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<TensorFile, FileError> {
        let path = path.as_ref();
        let (file, length) = open_plain(path, "safetensors file")?;
        let Header { tensors, metadata } = header::read(&file, length).map_err(|problem| FileError::File {
            file: path.to_path_buf(),
            problem: format!("is no safetensors file: {problem}"),
        })?;
        Ok(TensorFile { path: path.to_path_buf(), file, tensors, metadata })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Texts that the file carries.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Every tensor's name, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Where a model's input stands under a prefix: under its own name, or among constants (`const.`).
    pub fn input(&self, prefix: &str, name: &str) -> String {
        let (own, constant) = (format!("{prefix}{name}"), format!("{prefix}const.{name}"));
        if !self.tensors.contains_key(&own) && self.tensors.contains_key(&constant) { constant } else { own }
    }

    /// A tensor's extents.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.tensors.get(name)?.shape)
    }

    /// Extents of a tensor that must be there.
    ///
    /// # Errors
    /// It is not.
    pub fn expect_shape(&self, name: &str) -> Result<&[usize], FileError> {
        Ok(&self.info(name)?.shape)
    }

    /// Makes sure that a tensor is there and of a type that can be read.
    ///
    /// # Errors
    /// It is not.
    pub fn expect_numbers(&self, name: &str) -> Result<(), FileError> {
        self.width(name, self.info(name)?).map(drop)
    }

    /// All of a tensor.
    ///
    /// # Errors
    /// See [`TensorFile::read_into`]; or the memory for it is refused.
    pub fn read(&self, name: &str) -> Result<Vec<f32>, FileError> {
        let elements = self.info(name)?.shape.iter().product();
        let mut numbers = Vec::new();
        let refused = |e| self.fail(name, format!("of {elements} elements does not fit in memory: {e}"));
        numbers.try_reserve_exact(elements).map_err(refused)?;
        numbers.resize(elements, 0.0);
        self.read_into(name, &mut numbers)?;
        Ok(numbers)
    }

    /// Reads a tensor into memory of its number of elements.
    ///
    /// # Errors
    /// A tensor that is not there, of another number of elements, of a type that is no number, with a number that is
    /// not finite, or in a part of the file that is gone.
    pub fn read_into(&self, name: &str, into: &mut [f32]) -> Result<(), FileError> {
        let elements: usize = self.info(name)?.shape.iter().product();
        if elements != into.len() {
            return Err(self.fail(name, format!("has {elements} elements, expected {}", into.len())));
        }
        self.read_part(name, 0, into)
    }

    /// Reads the elements of a tensor from one on, row-major.
    ///
    /// # Errors
    /// As [`TensorFile::read_into`].
    pub fn read_part(&self, name: &str, first: usize, into: &mut [f32]) -> Result<(), FileError> {
        let info = self.info(name)?;
        let width = self.width(name, info)?;
        let elements: usize = info.shape.iter().product();
        if first.checked_add(into.len()).is_none_or(|end| end > elements) {
            let asked = format!("has {elements} elements, asked for {} from {first} on", into.len());
            return Err(self.fail(name, asked));
        }
        let whole = cfg!(target_endian = "little") && info.dtype == Dtype::F32;
        let (mut raw, step) = ([0; RAW_PIECE], if whole { PIECE } else { RAW_PIECE / width });
        for (k, numbers) in into.chunks_mut(step).enumerate() {
            let element = first + k * step;
            let at = info.start + (element * width) as u64;
            if whole {
                self.bytes(name, info, at, bytemuck::cast_slice_mut(numbers))?;
            } else {
                let bytes = &mut raw[..numbers.len() * width];
                self.bytes(name, info, at, bytes)?;
                numbers::convert(info.dtype, bytes, numbers).ok_or_else(|| {
                    let problem = "holds integers beyond 2^24, which 32-bit floats cannot tell apart";
                    self.fail(name, problem.into())
                })?;
            }
            if let Some(bad) = first_not_finite(numbers) {
                let problem = format!("has {} at element {}: expected finite numbers", numbers[bad], element + bad);
                return Err(self.fail(name, problem));
            }
        }
        Ok(())
    }

    /// Reads a tensor through, keeping nothing of it.
    ///
    /// # Errors
    /// As [`TensorFile::read_into`].
    pub fn look_through(&self, name: &str) -> Result<(), FileError> {
        let elements: usize = self.info(name)?.shape.iter().product();
        let mut numbers = [0.0; PIECE / 4];
        for first in (0..elements).step_by(numbers.len()) {
            let some = numbers.len().min(elements - first);
            self.read_part(name, first, &mut numbers[..some])?;
        }
        Ok(())
    }

    /// Bytes of a tensor, from a place in the file.
    fn bytes(&self, name: &str, info: &Info, at: u64, into: &mut [u8]) -> Result<(), FileError> {
        self.file.read_exact_at(into, at).map_err(|error| {
            let (length, end) = (self.file.metadata().map_or(0, |about| about.len()), info.start + info.bytes);
            match error.kind() {
                std::io::ErrorKind::UnexpectedEof => {
                    self.fail(name, format!("ends at byte {end} of a file that now has {length} (was it cut short?)"))
                }
                _ => self.fail(name, format!("cannot be read: {error}")),
            }
        })
    }

    fn width(&self, name: &str, info: &Info) -> Result<usize, FileError> {
        numbers::width(info.dtype).ok_or_else(|| {
            let problem = format!("holds {:?}: expected F32, F16, BF16, F64 or integers up to 2^24", info.dtype);
            self.fail(name, problem)
        })
    }

    fn fail(&self, name: &str, problem: String) -> FileError {
        FileError::Tensor { file: self.path.clone(), name: name.to_string(), problem }
    }

    fn info(&self, name: &str) -> Result<&Info, FileError> {
        self.tensors.get(name).ok_or_else(|| {
            let mut known: Vec<String> = self.names().take(12).map(|n| format!("`{n}`")).collect();
            if self.tensors.len() > known.len() {
                known.push(format!("{} more", self.tensors.len() - known.len()));
            }
            let known = if known.is_empty() { "none".into() } else { known.join(", ") };
            FileError::Missing { file: self.path.clone(), name: name.to_string(), known }
        })
    }
}

/// Opens a plain file, of which `kind` says what it should be, and tells its length.
///
/// # Errors
/// A file that cannot be opened, a directory, a pipe or a device.
pub fn open_plain(path: &Path, kind: &str) -> Result<(File, u64), FileError> {
    let fail = |problem: String| FileError::File { file: path.to_path_buf(), problem };
    // Looked at before it is opened: opening a pipe waits for its writer.
    let about = std::fs::metadata(path).map_err(|e| fail(format!("cannot be opened: {e}")))?;
    if about.is_dir() {
        return Err(fail(format!("is a directory, expected a {kind}")));
    }
    if !about.is_file() {
        return Err(fail(format!("is no plain file, expected a {kind}")));
    }
    let file = File::open(path).map_err(|e| fail(format!("cannot be opened: {e}")))?;
    Ok((file, about.len()))
}
