//! `crease bench`: what is promised of Crease, measured, each promise a line.

mod baseline;
mod block;
mod cpu;
mod machine;
mod memory;
mod peer;
mod planner;
mod report;
mod tamper;
mod times;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use crease_cli::terminal::process;

/// What is promised of Crease, measured, each promise a line.
#[derive(Debug, Parser)]
#[command(name = "crease bench", bin_name = "crease bench", version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The planner's promises: budgets kept, small peaks, little time lost, rivals beaten. A miss is no error.
    Planner(planner::Arguments),
    /// The block and its parts run here: time, memory, the machine's ceiling, other programs. A miss is no error.
    Cpu(cpu::Arguments),
    /// What processes hold beside their plans, in many runs of all kinds: 64 MiB at most.
    Memory(memory::Arguments),
    /// Real plans with one number changed: the check refuses each, or it runs inside its own buffers.
    Tamper(tamper::Arguments),
}

fn main() -> ExitCode {
    process(|arguments: &Arguments| match &arguments.what {
        What::Planner(arguments) => planner::planner(arguments),
        What::Cpu(arguments) => cpu::cpu(arguments),
        What::Memory(arguments) => memory::memory(arguments),
        What::Tamper(arguments) => tamper::tamper(arguments),
    })
}
