//! `crease weights convert`: checkpoints of other kinds, made ready for use here.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crease_core::units::format_bytes;
use crease_models::checkpoint::TorchFile;
use crease_models::output::Files;

use crate::terminal::CliError;

/// Most names that are listed.
const MOST_SHOWN: usize = 12;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The checkpoint.
    file: PathBuf,
    /// The safetensors file to write.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// The dictionary that holds the tensors (`ema.params`); without it `state_dict`, else the only one that has some.
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
}

pub(super) fn convert(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut files = Files::new();
    files.reads("the checkpoint", [&arguments.file])?;
    let output = files.writes("--output", &arguments.output)?;
    let file = TorchFile::open(&arguments.file, arguments.key.as_deref())?;
    file.convert(output)?;
    let (count, bytes) = (file.tensors().count(), format_bytes(file.bytes()));
    let tensors = if count == 1 { "tensor" } else { "tensors" };
    let mut text = format!("{}: {count} {tensors}, {bytes}\n", arguments.output.display());
    let skipped = file.skipped();
    if !skipped.is_empty() {
        let more =
            skipped.len().checked_sub(MOST_SHOWN + 1).map_or(String::new(), |rest| format!(" and {} more", rest + 1));
        let shown: Vec<&str> = skipped.iter().take(MOST_SHOWN).map(String::as_str).collect();
        text += &format!("not read: {}{more}\n", shown.join(", "));
    }
    crate::terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
