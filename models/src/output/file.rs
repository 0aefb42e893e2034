//! One output file: checked before there is anything to write, then written.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::OutputError;
use super::place::Place;
use super::temporary::Temporary;

/// Bytes that are gathered before the system gets them.
const BUFFER: usize = 1 << 16;

/// A file to be written, whose place was found fit for it.
#[derive(Debug)]
pub struct OutputFile {
    /// As the user named it.
    path: PathBuf,
    place: Place,
}

impl OutputFile {
    /// Makes sure that a file can be made at a path, before there is anything to write.
    ///
    /// # Errors
    /// A directory, a file that must not be written, or a place where nothing can be made.
    pub fn new(path: impl AsRef<Path>) -> Result<OutputFile, OutputError> {
        let path = path.as_ref();
        let output = OutputFile { path: path.to_path_buf(), place: Place::of_output(path)? };
        if let Place::Plain { path: target, .. } = &output.place {
            // A full disk or a directory that cannot be written is told now.
            Temporary::new(folder(target)).map_err(|error| output.fail(error))?;
        }
        Ok(output)
    }

    /// The file as the user named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a text and nothing else.
    ///
    /// # Errors
    /// As [`OutputFile::write_with`].
    pub fn write_text(self, text: &str) -> Result<(), OutputError> {
        self.write_with(|file| file.write_all(text.as_bytes()))
    }

    /// Writes what a function writes.
    ///
    /// # Errors
    /// A disk that is full, or a place that is gone; then the target is as it was.
    pub fn write_with(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), OutputError> {
        let mut writing = self.begin()?;
        match write(&mut writing) {
            Ok(()) => writing.finish(),
            Err(error) => Err(writing.fail(error)),
        }
    }

    /// Begins to write. Opening a pipe waits for its reader.
    ///
    /// # Errors
    /// A place where nothing can be made any more.
    pub fn begin(self) -> Result<Writing, OutputError> {
        let OutputFile { path, place } = self;
        let fail = |error| OutputError::io(&path, error);
        let sink = match place {
            Place::Plain { path: target, there } => {
                let temporary = Temporary::new(folder(&target)).map_err(fail)?;
                Sink::Temporary { temporary, target, there: there.map(Box::new) }
            }
            // To a file that a shell has opened already, what is written comes behind what is there.
            Place::Direct { path: direct } => Sink::Direct(OpenOptions::new().append(true).open(direct).map_err(fail)?),
        };
        Ok(Writing { path, sink: BufWriter::with_capacity(BUFFER, sink) })
    }

    fn fail(&self, error: io::Error) -> OutputError {
        OutputError::io(&self.path, error)
    }
}

/// The directory of a path that [`Place`] has found.
fn folder(target: &Path) -> &Path {
    target.parent().unwrap_or(Path::new("/"))
}

/// A file that is being written. Dropped before [`Writing::finish`], nothing is left of it.
#[derive(Debug)]
pub struct Writing {
    path: PathBuf,
    sink: BufWriter<Sink>,
}

#[derive(Debug)]
enum Sink {
    Temporary { temporary: Temporary, target: PathBuf, there: Option<Box<Metadata>> },
    Direct(File),
}

impl Writing {
    /// The file is whole: it takes its place.
    ///
    /// # Errors
    /// A disk that is full, or a place that is gone; then the target is as it was.
    pub fn finish(self) -> Result<(), OutputError> {
        let Writing { path, sink } = self;
        let done = sink.into_inner().map_err(io::IntoInnerError::into_error).and_then(|sink| match sink {
            Sink::Temporary { temporary, target, there } => temporary.settle(&target, there.as_deref()),
            Sink::Direct(_) => Ok(()),
        });
        done.map_err(|error| OutputError::io(&path, error))
    }

    /// The error of a write, with the file's name.
    #[must_use]
    pub fn fail(&self, error: io::Error) -> OutputError {
        OutputError::io(&self.path, error)
    }
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Temporary { temporary, .. } => temporary.file()?.write(bytes),
            Sink::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Temporary { temporary, .. } => temporary.file()?.flush(),
            Sink::Direct(file) => file.flush(),
        }
    }
}
