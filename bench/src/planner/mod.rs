//! `crease bench planner`: the planner's promises in order.

mod cheap;
mod deep;
mod fast;
mod kept;
mod monotone;
mod near;
mod rivals;
mod scope;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crease_cli::machine;
use crease_cli::terminal::CliError;
use crease_core::plan::{InstructionSet, Target};
use serde_json::json;

use crate::block::Blocks;
use crate::report::Report;
use scope::Scope;

/// Threads that plans are made for and run on.
const THREADS: usize = 2;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The seed of random graphs.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the figures are written as JSON.
    #[arg(long, value_name = "FILE", default_value = "bench/planner.json")]
    json: PathBuf,
    /// Fewer graphs and sizes: less than half a minute.
    #[arg(long)]
    quick: bool,
}

pub(super) fn planner(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let scope = Scope { seed: arguments.seed, quick: arguments.quick };
    // Figures are those of one machine's table wherever they are made; what is run is run on this one.
    let target = Target::shipped(InstructionSet::Avx512, THREADS as u64);
    let cpu = machine(NonZeroUsize::new(THREADS))?;
    let mut report = Report::new();
    let mut blocks = Blocks::new(target.clone());
    kept::random(&mut report, &scope, &cpu)?;
    kept::blocks(&mut report, &scope, &mut blocks, &cpu)?;
    deep::deep(&mut report, &mut blocks)?;
    cheap::cheap(&mut report, &scope, &mut blocks)?;
    rivals::rivals(&mut report, &scope, &mut blocks)?;
    near::near(&mut report, &scope, &target)?;
    monotone::monotone(&mut report, &scope, &mut blocks)?;
    fast::fast(&mut report, &scope, &target)?;
    let machine = json!({ "name": target.instructions.name(), "threads": target.threads });
    let about = json!({ "bench": "planner", "seed": scope.seed, "quick": scope.quick, "target": machine });
    report.finish(&arguments.json, about)?;
    Ok(ExitCode::SUCCESS)
}
