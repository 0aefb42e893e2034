//! `--table`: plans by a measured cost table instead of the shipped one.

use std::path::{Path, PathBuf};

use clap::Args;
use crease_core::plan::{InstructionSet, Table, Target};
use crease_models::plain::read_small;
use crease_runtime::Cpu;

use crate::terminal::{CliError, usage};

/// The option that every command that plans has.
#[derive(Args, Debug, Default)]
pub(crate) struct Chosen {
    /// Rank plans by this cost table, as `crease calibrate` writes it, instead of the shipped one. A table is used
    /// only where it is named, so that plans are the same on every machine.
    #[arg(long, value_name = "FILE")]
    pub(crate) table: Option<PathBuf>,
}

/// Longest table that is read: it has some dozens of numbers.
const MOST_BYTES: u64 = 1 << 20;

impl Chosen {
    /// This machine by the table.
    pub(crate) fn machine(&self, cpu: &Cpu) -> Result<Target, CliError> {
        let own = cpu.target();
        self.target(own.instructions, own.threads)
    }

    /// A kind of machine by the table.
    pub(crate) fn target(&self, instructions: InstructionSet, threads: u64) -> Result<Target, CliError> {
        let Some(path) = &self.table else { return Ok(Target::shipped(instructions, threads)) };
        let table = read(path)?;
        if table.instructions != instructions {
            let (found, wanted) = (table.instructions.name(), instructions.name());
            return Err(usage(format!("{}: is a cost table for {found}, not for {wanted}", path.display())));
        }
        Ok(Target::new(&table, threads))
    }
}

fn read(path: &Path) -> Result<Table, CliError> {
    let wrong = |what: String| usage(format!("{}: {what}", path.display()));
    let bytes = read_small(path, MOST_BYTES).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let text =
        String::from_utf8(bytes).map_err(|_| wrong("expected a cost table, found bytes that are not UTF-8".into()))?;
    Table::read(&text).map_err(|e| wrong(e.to_string()))
}

/// Where a user's tables are kept: the configuration folder by the XDG convention.
pub(crate) fn own_place(instructions: InstructionSet) -> Result<PathBuf, CliError> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    let folder = folder.ok_or_else(|| usage("neither XDG_CONFIG_HOME nor HOME names a folder: give --output FILE"))?;
    Ok(folder.join("crease").join(format!("target-{}.json", instructions.name())))
}
