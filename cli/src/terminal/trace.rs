//! A trace of a run, written call by call in the format that Chrome and Perfetto open: none of it is kept.

use std::io::{Error, Write};
use std::time::Duration;

use crease_models::output::{OutputError, OutputFile, Writing};

/// A trace that is being written.
pub(super) struct Trace {
    file: Writing,
    calls: u64,
    /// Why no more is written.
    failed: Option<Error>,
}

/// One call: when it began and how long it took, its operations and bytes.
pub(super) struct Traced {
    pub(super) began: Duration,
    pub(super) took: Duration,
    pub(super) flops: u64,
    pub(super) bytes: u64,
}

impl Trace {
    pub(super) fn begin(file: OutputFile) -> Result<Trace, OutputError> {
        let mut trace = Trace { file: file.begin()?, calls: 0, failed: None };
        trace.write(|file| file.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":["));
        Ok(trace)
    }

    /// Writes a call of an operation.
    pub(super) fn call(&mut self, operation: &str, traced: &Traced) {
        let comma = if self.calls == 0 { "" } else { "," };
        self.calls += 1;
        let [began, took] = [traced.began, traced.took].map(|time| time.as_secs_f64() * 1e6);
        let rate = |amount: u64| if took > 0.0 { amount as f64 / took / 1e3 } else { 0.0 };
        let (flops, bytes) = (rate(traced.flops), rate(traced.bytes));
        self.write(|file| {
            write!(file, "{comma}\n{{\"name\":")?;
            serde_json::to_writer(&mut *file, operation)?;
            write!(
                file,
                ",\"cat\":\"kernel\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":{began:.3},\"dur\":{took:.3},\
                 \"args\":{{\"GFLOP/s\":{flops:.3},\"GB/s\":{bytes:.3}}}}}"
            )
        });
    }

    /// The trace is whole.
    ///
    /// # Errors
    /// It could not be written.
    pub(super) fn finish(mut self) -> Result<(), OutputError> {
        self.write(|file| file.write_all(b"\n]}\n"));
        match self.failed {
            Some(error) => Err(self.file.fail(error)),
            None => self.file.finish(),
        }
    }

    /// What goes wrong is told at the end: a run does not stop for its trace.
    fn write(&mut self, write: impl FnOnce(&mut Writing) -> Result<(), Error>) {
        if self.failed.is_none() {
            self.failed = write(&mut self.file).err();
        }
    }
}
