//! The `crease` command: what models there are, plans, runs, checks against references, alignments, structures and
//! checkpoints.
//!
//! A mistake is one line on the standard error and exit code 2; a reference that is missed is exit code 1.

mod calibrate;
mod evoformer;
mod external;
mod fold;
mod list;
mod plan;
mod run;
mod score;
mod verify;
mod weights;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::terminal::{CliError, process, process_of};

/// Plans and runs tensor programs inside a memory budget.
#[derive(Debug, Parser)]
#[command(name = "crease", version, max_term_width = 110, after_help = external::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What models there are, with their inputs, axes, settings and parameters.
    Models(list::Arguments),
    /// Whether a model fits a budget, and how: peak, loops, predicted time. Nothing is run.
    Plan(plan::Arguments),
    /// Runs a model on tensors from safetensors files.
    Run(run::Arguments),
    /// Runs reference files and compares every tensor.
    Verify(verify::Arguments),
    /// From an alignment to MSA, pair and single representations.
    Evoformer(evoformer::Arguments),
    /// From an antibody's sequence to its structure, with IgFold's weights.
    Fold(fold::Arguments),
    /// How near a predicted structure is to a target: RMSD, lDDT, TM-score.
    Score(score::Arguments),
    /// Gets trained weights, and makes checkpoints of other kinds ready for use here.
    Weights(weights::Arguments),
    /// Measures how fast this machine runs kernels and writes a cost table, which `--table` makes plans by.
    Calibrate(calibrate::Arguments),
    /// The program `crease-NAME` beside this one.
    #[command(external_subcommand)]
    External(Vec<OsString>),
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    process(|arguments: &Arguments| obey(&arguments.command))
}

/// Does in this process what the command does with the given words, for those who measure it.
pub fn command(words: &[OsString]) -> ExitCode {
    let words = std::iter::once("crease".into()).chain(words.iter().cloned());
    process_of(words, |arguments: &Arguments| obey(&arguments.command))
}

fn obey(command: &Command) -> Result<ExitCode, CliError> {
    match command {
        Command::Models(arguments) => list::list(arguments),
        Command::Plan(arguments) => plan::plan(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Verify(arguments) => verify::verify(arguments),
        Command::Evoformer(arguments) => evoformer::evoformer(arguments),
        Command::Fold(arguments) => fold::fold(arguments),
        Command::Score(arguments) => score::score(arguments),
        Command::Weights(arguments) => weights::weights(arguments),
        Command::Calibrate(arguments) => calibrate::calibrate(arguments),
        Command::External(words) => external::run(words, &names()),
    }
}

/// The names of the commands that are part of this program.
fn names() -> Vec<String> {
    Arguments::command().get_subcommands().map(|command| command.get_name().to_string()).collect()
}
