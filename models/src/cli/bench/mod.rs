//! `crease bench`: what is promised of Crease, measured, each promise a line.

mod block;
mod cheap;
mod cpu;
mod deep;
mod fast;
mod kept;
mod monotone;
mod near;
mod planner;
mod report;
mod rivals;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::error::CliError;

#[derive(Args, Debug)]
#[command(arg_required_else_help = false)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The planner's promises: budgets kept, small peaks, little time lost, rivals beaten. A miss is no error.
    Planner(planner::Arguments),
    /// The block and its parts run here: time, memory, the machine's ceiling, other programs. A miss is no error.
    Cpu(cpu::Arguments),
}

pub(super) fn bench(arguments: &Arguments) -> Result<ExitCode, CliError> {
    match &arguments.what {
        What::Planner(arguments) => planner::planner(arguments),
        What::Cpu(arguments) => cpu::cpu(arguments),
    }
}
