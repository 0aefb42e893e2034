//! Safetensors files read tensor by tensor, straight to where the numbers are needed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorInfo};
use serde_json::Value;

/// What is wrong with a tensor file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read or written, or is something else.
    #[error("{}: {problem}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A tensor that is not there.
    #[error("{}: there is no tensor `{name}`; it holds {known}", .file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// The tensor.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// A tensor whose numbers cannot be used.
    #[error("{}: tensor `{name}` {problem}", .file.display())]
    Tensor {
        /// The file.
        file: PathBuf,
        /// The tensor.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// Where a tensor lies in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Info {
    dtype: Dtype,
    shape: Vec<usize>,
    start: u64,
    bytes: u64,
}

/// An open file of which only the header was read.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    file: File,
    tensors: BTreeMap<String, Info>,
    metadata: BTreeMap<String, String>,
}

/// Longest header that is read.
const LONGEST_HEADER: u64 = 100_000_000;
/// Bytes read at a time.
const PIECE: usize = 1 << 16;

impl TensorFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// A file that cannot be read, or is no whole safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<TensorFile, FileError> {
        let path = path.as_ref();
        let fail = |problem: String| FileError::File { file: path.to_path_buf(), problem };
        let broken = |problem: String| fail(format!("is no safetensors file: {problem}"));
        let (mut file, length) = open_plain(path, "safetensors file")?;
        let mut first = [0; 8];
        file.read_exact(&mut first).map_err(|_| broken(format!("{length} bytes, expected at least 8")))?;
        let header = u64::from_le_bytes(first);
        if header > LONGEST_HEADER || header > length - 8 {
            return Err(broken(format!("its header would have {header} bytes, the file has {length}")));
        }
        let mut text = vec![0; usize::try_from(header).map_err(|e| broken(e.to_string()))?];
        file.read_exact(&mut text).map_err(|e| fail(format!("cannot be read: {e}")))?;
        // Read entry by entry, so that a mistake names its tensor.
        let parsed: BTreeMap<String, Value> =
            serde_json::from_slice(&text).map_err(|e| broken(format!("its header is no JSON object: {e}")))?;
        drop(text);
        let data = length - 8 - header;
        let (mut tensors, mut metadata) = (BTreeMap::new(), BTreeMap::new());
        for (name, entry) in parsed {
            if name == "__metadata__" {
                metadata = serde_json::from_value(entry).map_err(|e| broken(format!("its metadata: {e}")))?;
                continue;
            }
            let info: TensorInfo =
                serde_json::from_value(entry).map_err(|e| broken(format!("tensor `{name}`: {e}")))?;
            let (start, end) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
            let elements = info.shape.iter().try_fold(1u64, |n, e| n.checked_mul(*e as u64));
            let bits = elements.and_then(|n| n.checked_mul(info.dtype.bitsize() as u64));
            if start > end || end > data {
                return Err(broken(format!("tensor `{name}` ends at byte {end} of {data} (is it truncated?)")));
            }
            if bits != Some((end - start).saturating_mul(8)) {
                let shape = &info.shape;
                return Err(broken(format!("tensor `{name}` {shape:?} does not fill its {} bytes", end - start)));
            }
            let info =
                Info { dtype: info.dtype, shape: info.shape.clone(), start: 8 + header + start, bytes: end - start };
            tensors.insert(name, info);
        }
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

    /// All of a tensor.
    ///
    /// # Errors
    /// See [`TensorFile::read_into`].
    pub fn read(&self, name: &str) -> Result<Vec<f32>, FileError> {
        let elements = self.info(name)?.shape.iter().product();
        let mut numbers = vec![0.0; elements];
        self.read_into(name, &mut numbers)?;
        Ok(numbers)
    }

    /// Reads a tensor in pieces into memory of its number of elements.
    ///
    /// # Errors
    /// A tensor that is not there, of another number of elements, of a type that is no number, or with one that
    /// is not finite.
    pub fn read_into(&self, name: &str, into: &mut [f32]) -> Result<(), FileError> {
        let info = self.info(name)?;
        let fail = |problem: String| FileError::Tensor { file: self.path.clone(), name: name.to_string(), problem };
        let elements: usize = info.shape.iter().product();
        if elements != into.len() {
            return Err(fail(format!("has {elements} elements, expected {}", into.len())));
        }
        let size = match info.dtype {
            Dtype::F64 | Dtype::I64 => 8,
            Dtype::F32 | Dtype::I32 => 4,
            Dtype::F16 | Dtype::BF16 => 2,
            Dtype::U8 | Dtype::BOOL => 1,
            other => return Err(fail(format!("holds {other:?}: expected F32, F16, BF16, F64 or integers"))),
        };
        let broken = |e: std::io::Error| FileError::File { file: self.path.clone(), problem: e.to_string() };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(info.start)).map_err(broken)?;
        let mut piece = [0; PIECE];
        let mut at = 0;
        while at < into.len() {
            let count = (PIECE / size).min(into.len() - at);
            let bytes = &mut piece[..count * size];
            file.read_exact(bytes).map_err(broken)?;
            for (number, bytes) in into[at..at + count].iter_mut().zip(bytes.chunks_exact(size)) {
                *number = decode(info.dtype, bytes)
                    .ok_or_else(|| fail("holds integers beyond 2^24, which 32-bit floats cannot tell apart".into()))?;
            }
            if let Some(k) = into[at..at + count].iter().position(|x| !x.is_finite()) {
                let problem = format!("has {} at element {}: expected finite numbers", into[at + k], at + k);
                return Err(fail(problem));
            }
            at += count;
        }
        Ok(())
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
pub(super) fn open_plain(path: &Path, kind: &str) -> Result<(File, u64), FileError> {
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

/// One number; integers only where that is exact.
fn decode(dtype: Dtype, bytes: &[u8]) -> Option<f32> {
    let exact = |x: i64| (x.unsigned_abs() <= 1 << 24).then_some(x as f32);
    match dtype {
        Dtype::F32 => Some(f32::from_le_bytes(bytes.try_into().ok()?)),
        Dtype::F64 => Some(f64::from_le_bytes(bytes.try_into().ok()?) as f32),
        Dtype::F16 => Some(half::f16::from_le_bytes(bytes.try_into().ok()?).to_f32()),
        Dtype::BF16 => Some(half::bf16::from_le_bytes(bytes.try_into().ok()?).to_f32()),
        Dtype::I64 => exact(i64::from_le_bytes(bytes.try_into().ok()?)),
        Dtype::I32 => exact(i32::from_le_bytes(bytes.try_into().ok()?).into()),
        Dtype::U8 => Some(bytes[0].into()),
        Dtype::BOOL => Some(f32::from(bytes[0] != 0)),
        _ => None,
    }
}
