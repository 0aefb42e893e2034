//! `crease bench planner`: the planner's promises in order.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crease_core::plan::{InstructionSet, Target};
use serde_json::json;

use super::super::choose::machine;
use super::super::error::CliError;
use super::block::Blocks;
use super::report::Report;
use super::{cheap, deep, fast, kept, monotone, near, rivals};

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

/// How much is measured.
pub(super) struct Scope {
    pub(super) seed: u64,
    pub(super) quick: bool,
}

impl Scope {
    /// The sizes (sequences, residues) at which large blocks are planned.
    pub(super) fn large(&self) -> &'static [(u64, u64)] {
        const LARGE: [(u64, u64); 3] = [(128, 256), (512, 1024), (512, 2048)];
        if self.quick { &LARGE[..1] } else { &LARGE }
    }

    /// One number in full, another one when quick.
    pub(super) fn count(&self, full: u64, quick: u64) -> u64 {
        if self.quick { quick } else { full }
    }
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
