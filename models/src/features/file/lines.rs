//! The lines of a text, one held at a time.

use std::io::{BufRead, BufReader, Read};

use super::raw::Place;
use crate::features::error::{AlignmentError, AlignmentProblem};

/// Reads line after line; ends of lines are `\n` and `\r\n`, and a byte order mark is passed over.
pub(super) struct Lines<'f, R> {
    reader: BufReader<R>,
    file: &'f str,
    /// Of the line that was read last, from 1.
    number: usize,
    line: Vec<u8>,
    /// Where the next one begins in the file.
    next: u64,
    zipped: bool,
}

/// What stands at the beginning of a file that is packed by gzip.
const GZIP: &[u8] = b"\x1f\x8b";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<'f, R: Read> Lines<'f, R> {
    pub(super) fn new(source: R, file: &'f str) -> Self {
        let (reader, line) = (BufReader::with_capacity(1 << 16, source), Vec::new());
        Self { reader, file, number: 0, line, next: 0, zipped: false }
    }

    /// The name of the file.
    pub(super) fn file(&self) -> &'f str {
        self.file
    }

    /// Where the next line begins, in bytes from the file's start.
    pub(super) fn next_start(&self) -> u64 {
        self.next
    }

    /// The next line and its number; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<(usize, &str)>, AlignmentError> {
        let at = Place { file: self.file, line: self.number + 1 };
        if !self.fill(at)? {
            return Ok(None);
        }
        self.number = at.line;
        if at.line == 1 {
            self.zipped = self.line.starts_with(GZIP);
            if self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
        }
        match std::str::from_utf8(&self.line) {
            Ok(line) => Ok(Some((at.line, line))),
            Err(error) => {
                let column = error.valid_up_to();
                let byte = self.line.get(column).copied().unwrap_or_default();
                let hint = if self.zipped { ", and the file looks gzipped: unpack it first" } else { "" };
                Err(at.error(AlignmentProblem::NotText { byte, column: column + 1, hint }))
            }
        }
    }

    /// Reads a line without its end; whether there is one.
    fn fill(&mut self, at: Place<'_>) -> Result<bool, AlignmentError> {
        self.line.clear();
        let start = self.next;
        loop {
            let some = self.reader.fill_buf().map_err(|error| at.io(&error))?;
            let end = memchr::memchr(b'\n', some);
            let taken = &some[..end.unwrap_or(some.len())];
            // A text without ends of lines may have any length.
            self.line.try_reserve(taken.len()).map_err(|error| at.io(&error))?;
            self.line.extend_from_slice(taken);
            let read = taken.len() + usize::from(end.is_some());
            self.reader.consume(read);
            self.next += read as u64;
            if end.is_some() {
                if self.line.last() == Some(&b'\r') {
                    self.line.pop();
                }
                return Ok(true);
            }
            if read == 0 {
                return Ok(self.next > start);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_standard_library_with_their_places() {
        let long = "x".repeat(200_000);
        let texts = ["", "\n", "a", "a\n", "a\r\nb", "a\r\n\r\nb\n", "é\nb\r", "\r\n\n", &format!("a\n{long}\nb")];
        for text in texts {
            let mut lines = Lines::new(text.as_bytes(), "x");
            let mut read = Vec::new();
            loop {
                let start = lines.next_start() as usize;
                let Some((number, line)) = lines.next().expect("text") else { break };
                assert!(text[start..].starts_with(line), "{text:?}");
                read.push(line.to_owned());
                assert_eq!(number, read.len());
            }
            assert_eq!(read, text.lines().collect::<Vec<_>>(), "{text:?}");
        }
    }
}
