//! Safetensors files written whole or not at all.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use safetensors::tensor::Dtype;
use serde_json::{Map, Value, json};

use super::FileError;

/// A file to be written: beside its place at first, moved there when it is whole.
#[derive(Debug)]
pub struct OutputFile {
    path: PathBuf,
    beside: PathBuf,
}

/// A tensor to write: name, extents, numbers.
pub type Written<'a> = (String, &'a [u64], &'a [f32]);

/// What a file's header says of a tensor.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    pub(super) dtype: Dtype,
    pub(super) shape: &'a [u64],
    pub(super) bytes: u64,
}

impl OutputFile {
    /// Makes sure that a file can be made at a path, before there is anything to write.
    ///
    /// # Errors
    /// A directory, or a place where nothing can be made.
    pub fn new(path: impl AsRef<Path>) -> Result<OutputFile, FileError> {
        let path = path.as_ref();
        let fail = |problem: String| FileError::File { file: path.to_path_buf(), problem };
        let Some(name) = path.file_name() else {
            return Err(fail("is no name for an output file".into()));
        };
        if path.is_dir() {
            return Err(fail("is a directory, expected a name for the output file".into()));
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(fail(format!("cannot be written: there is no directory `{}`", folder.display())));
        }
        let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
        let output = OutputFile { path: path.to_path_buf(), beside: folder.join(name) };
        output.create()?;
        output.remove();
        Ok(output)
    }

    /// Writes tensors and texts.
    ///
    /// # Errors
    /// A disk that is full, or a place that is gone; then nothing is left.
    pub fn write(self, tensors: &[Written<'_>], texts: &BTreeMap<String, String>) -> Result<(), FileError> {
        let bytes = |data: &[f32]| 4 * data.len() as u64;
        let parts =
            tensors.iter().map(|(name, shape, data)| Part { name, dtype: Dtype::F32, shape, bytes: bytes(data) });
        let parts: Vec<Part<'_>> = parts.collect();
        self.write_parts(&parts, texts, |k, file| {
            tensors[k].2.iter().try_for_each(|number| file.write_all(&number.to_le_bytes())).map_err(Failure::Output)
        })
    }

    /// Writes a text and nothing else.
    ///
    /// # Errors
    /// As [`OutputFile::write`].
    pub fn write_text(self, text: &str) -> Result<(), FileError> {
        self.whole(|file| Ok(file.write_all(text.as_bytes())?))
    }

    /// Writes tensors of any kind, whose bytes are made one after the other.
    pub(super) fn write_parts(
        self,
        parts: &[Part<'_>],
        texts: &BTreeMap<String, String>,
        mut write: impl FnMut(usize, &mut Buffered<'_>) -> Result<(), Failure>,
    ) -> Result<(), FileError> {
        self.whole(|file| {
            let mut file = BufWriter::with_capacity(1 << 16, file);
            file.write_all(&header(parts, texts))?;
            (0..parts.len()).try_for_each(|k| write(k, &mut file))?;
            Ok(file.flush()?)
        })
    }

    fn whole(self, write: impl FnOnce(&mut File) -> Result<(), Failure>) -> Result<(), FileError> {
        let done = self.create().and_then(|mut file| {
            let written = write(&mut file).and_then(|()| Ok(file.sync_all()?));
            let moved = written.and_then(|()| Ok(std::fs::rename(&self.beside, &self.path)?));
            moved.map_err(|failure| match failure {
                Failure::Output(error) => self.fail(&error),
                Failure::Source(error) => error,
            })
        });
        if done.is_err() {
            self.remove();
        }
        done
    }

    fn create(&self) -> Result<File, FileError> {
        File::create(&self.beside).map_err(|e| self.fail(&e))
    }

    /// Removes what was begun; that it may not be there is no matter.
    fn remove(&self) {
        let _ = std::fs::remove_file(&self.beside);
    }

    fn fail(&self, error: &std::io::Error) -> FileError {
        FileError::File { file: self.path.clone(), problem: format!("cannot be written: {error}") }
    }
}

/// A file that is being written.
pub(super) type Buffered<'a> = BufWriter<&'a mut File>;

/// Why a file was not written.
#[derive(Debug)]
pub(super) enum Failure {
    /// The place it goes to.
    Output(std::io::Error),
    /// Where its contents come from.
    Source(FileError),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Output(error)
    }
}

/// What stands before the numbers.
fn header(parts: &[Part<'_>], texts: &BTreeMap<String, String>) -> Vec<u8> {
    let mut header = Map::new();
    if !texts.is_empty() {
        header.insert("__metadata__".into(), json!(texts));
    }
    let mut at = 0u64;
    for Part { name, dtype, shape, bytes } in parts {
        let end = at + bytes;
        header.insert((*name).to_string(), json!({ "dtype": dtype, "shape": shape, "data_offsets": [at, end] }));
        at = end;
    }
    let mut header = Value::Object(header).to_string();
    // Numbers begin at a multiple of eight bytes, as readers that map the file like.
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes()].concat()
}
