//! The `crease` command: what models there are, plans, runs, checks against references, alignments, structures and
//! checkpoints.
//!
//! A mistake is one line on the standard error and exit code 2; a reference that is missed is exit code 1.

mod bench;
mod calibrate;
mod choose;
mod error;
mod evoformer;
mod fold;
mod infer;
mod list;
mod outcome;
mod page;
mod plan;
mod profile;
mod reference;
mod report;
mod run;
mod score;
mod table;
mod verify;
mod weights;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::{CliError, one_line};

/// Plans and runs tensor programs inside a memory budget.
#[derive(Debug, Parser)]
#[command(name = "crease", version, max_term_width = 110)]
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
    /// What is promised of Crease, measured.
    Bench(bench::Arguments),
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return explain(&error),
    };
    // A bug is told in one line too, and where it is.
    std::panic::set_hook(Box::new(|panic| {
        refuse(&format!("this is a bug in crease, please report it: {panic}"));
    }));
    std::panic::catch_unwind(|| obey(&arguments.command)).unwrap_or(ExitCode::from(2))
}

fn obey(command: &Command) -> ExitCode {
    let done = match command {
        Command::Models(arguments) => list::list(arguments),
        Command::Plan(arguments) => plan::plan(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Verify(arguments) => verify::verify(arguments),
        Command::Evoformer(arguments) => evoformer::evoformer(arguments),
        Command::Fold(arguments) => fold::fold(arguments),
        Command::Score(arguments) => score::score(arguments),
        Command::Weights(arguments) => weights::weights(arguments),
        Command::Calibrate(arguments) => calibrate::calibrate(arguments),
        Command::Bench(arguments) => bench::bench(arguments),
    };
    done.unwrap_or_else(|error| refuse(&error.to_string()))
}

/// Help and version on the standard output; a mistake in one line.
fn explain(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print(&error.render().to_string()).map_or_else(|e| refuse(&e.to_string()), |()| ExitCode::SUCCESS)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => refuse(
            "expected a command: models, plan, run, verify, evoformer, fold, score, weights, calibrate or bench (see crease --help)",
        ),
        _ => {
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let kept = text.split("\n\n").filter(|part| !part.starts_with("Usage:") && !part.starts_with("For more"));
            let words: Vec<&str> = kept.flat_map(str::split_whitespace).collect();
            refuse(&words.join(" "))
        }
    }
}

fn refuse(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "crease: {}", one_line(message));
    ExitCode::from(2)
}

/// Writes to the standard output. A reader that has had enough is no error.
fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::Print(error)),
        _ => Ok(()),
    }
}
