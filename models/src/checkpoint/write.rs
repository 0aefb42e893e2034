//! Safetensors files written whole or not at all.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

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
        self.whole(|file| write(file, tensors, texts))
    }

    /// Writes a text and nothing else.
    ///
    /// # Errors
    /// As [`OutputFile::write`].
    pub fn write_text(self, text: &str) -> Result<(), FileError> {
        self.whole(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
    }

    fn whole(self, write: impl FnOnce(File) -> std::io::Result<()>) -> Result<(), FileError> {
        let done = self.create().and_then(|file| {
            let written = write(file).and_then(|()| std::fs::rename(&self.beside, &self.path));
            written.map_err(|e| self.fail(&e))
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

fn write(file: File, tensors: &[Written<'_>], texts: &BTreeMap<String, String>) -> std::io::Result<()> {
    let mut header = Map::new();
    if !texts.is_empty() {
        header.insert("__metadata__".into(), json!(texts));
    }
    let mut at = 0u64;
    for (name, shape, data) in tensors {
        let end = at + 4 * data.len() as u64;
        header.insert(name.clone(), json!({ "dtype": "F32", "shape": shape, "data_offsets": [at, end] }));
        at = end;
    }
    let mut header = Value::Object(header).to_string();
    // Numbers begin at a multiple of eight bytes, as readers that map the file like.
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut file = BufWriter::with_capacity(1 << 16, file);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    for (_, _, data) in tensors {
        for number in *data {
            file.write_all(&number.to_le_bytes())?;
        }
    }
    file.flush()?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
}
