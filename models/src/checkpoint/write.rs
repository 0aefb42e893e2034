//! Safetensors files: a header, then the numbers of one tensor after the other.

use std::collections::BTreeMap;
use std::io::{self, Write};

use safetensors::tensor::Dtype;

use super::FileError;
use crate::output::{OutputError, OutputFile, OutputProblem, Writing};

/// Longest header that readers of the format take.
const LONGEST_HEADER: u64 = 100_000_000;

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
    /// Writes tensors and texts.
    ///
    /// # Errors
    /// A disk that is full, or a place that is gone; then nothing is left.
    pub fn write_tensors(self, tensors: &[Written<'_>], texts: &BTreeMap<String, String>) -> Result<(), OutputError> {
        let bytes = |data: &[f32]| 4 * data.len() as u64;
        let parts =
            tensors.iter().map(|(name, shape, data)| Part { name, dtype: Dtype::F32, shape, bytes: bytes(data) });
        let parts: Vec<Part<'_>> = parts.collect();
        let header = self.header(&parts, texts)?;
        self.write_with(|file| {
            file.write_all(&header)?;
            let mut numbers = tensors.iter().flat_map(|(_, _, data)| *data);
            numbers.try_for_each(|number| file.write_all(&number.to_le_bytes()))
        })
    }

    /// Writes tensors of any kind, whose bytes are made one after the other.
    pub(super) fn write_parts(
        self,
        parts: &[Part<'_>],
        texts: &BTreeMap<String, String>,
        mut write: impl FnMut(usize, &mut Writing) -> Result<(), Failure>,
    ) -> Result<(), ConvertError> {
        let header = self.header(parts, texts)?;
        let mut file = self.begin()?;
        let written = file.write_all(&header).map_err(Failure::Output);
        match written.and_then(|()| (0..parts.len()).try_for_each(|k| write(k, &mut file))) {
            Ok(()) => Ok(file.finish()?),
            Err(Failure::Output(error)) => Err(file.fail(error).into()),
            Err(Failure::Source(error)) => Err(error.into()),
        }
    }

    fn header(&self, parts: &[Part<'_>], texts: &BTreeMap<String, String>) -> Result<Vec<u8>, OutputError> {
        let fail = |error| OutputError { file: self.path().to_path_buf(), problem: OutputProblem::Io(error) };
        header(parts, texts).map_err(fail)
    }
}

/// Why one file was not made of another.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The one that is read.
    #[error(transparent)]
    Source(#[from] FileError),
    /// The one that is written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Why the numbers of a tensor were not written.
#[derive(Debug)]
pub(super) enum Failure {
    /// The place it goes to.
    Output(io::Error),
    /// Where its contents come from.
    Source(FileError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

/// What stands before the numbers, written entry by entry: a header may be long, so it is there once.
fn header(parts: &[Part<'_>], texts: &BTreeMap<String, String>) -> io::Result<Vec<u8>> {
    let mut header = vec![0; 8];
    let mut before = b'{';
    if !texts.is_empty() {
        header.extend(b"{\"__metadata__\":");
        serde_json::to_writer(&mut header, texts)?;
        before = b',';
    }
    let mut at = 0u64;
    for Part { name, dtype, shape, bytes } in parts {
        let end = at + bytes;
        header.push(before);
        serde_json::to_writer(&mut header, name)?;
        write!(header, ":{{\"data_offsets\":[{at},{end}],\"dtype\":\"{dtype}\",\"shape\":")?;
        serde_json::to_writer(&mut header, shape)?;
        header.push(b'}');
        if header.len() as u64 > LONGEST_HEADER {
            let problem = format!("its header would have more than {LONGEST_HEADER} bytes, which no reader takes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
        }
        (at, before) = (end, b',');
    }
    header.extend(if before == b'{' { &b"{}"[..] } else { b"}" });
    // Numbers begin at a multiple of eight bytes, as readers that map the file like.
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = header.len() as u64 - 8;
    header[..8].copy_from_slice(&length.to_le_bytes());
    Ok(header)
}
