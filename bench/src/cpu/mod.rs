//! `crease bench cpu`: how fast a block and its parts run here, against the machine's ceiling and against others.
//!
//! `parts.rs` has the programs of `evoformer.rs`, `causal.rs` is GPT-2's block and `igfold.rs` work of IgFold's size. `flops.rs`
//! counts their operations, `programs.rs` plans them, `measure.rs` runs them in turns with `peers.rs`, `parallel.rs` is about
//! threads and stacks, `promises.rs` says what is kept and `figures` writes it down.

mod arguments;
mod causal;
mod evoformer;
mod figures;
mod flops;
mod igfold;
mod measure;
mod parallel;
mod parts;
mod peers;
mod programs;
mod promises;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use crease_cli::machine as this_machine;
use crease_cli::terminal::CliError;
use serde_json::json;

use crate::machine::ceiling::Ceiling;
use crate::machine::described::described;
use crate::report::{Report, write};
use crate::times::At;
pub(crate) use arguments::Arguments;
use arguments::{Scope, THREADS};
use figures::{roofline, table};
use measure::{Figure, Given};
use programs::Kind;

pub(super) fn cpu(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let scope = Scope::new(arguments);
    let cpu = this_machine(NonZeroUsize::new(THREADS))?;
    let target = cpu.target();
    let machine = described(&target);
    let mut report = Report::new();
    for (name, value) in &machine {
        report.line("machine", &format!("{name}: {value}"), None, json!({ *name: value }))?;
    }
    let ceiling = Ceiling::new(&mut report, &cpu, &target, arguments.side, &arguments.peers)?;
    let mut figures = Vec::new();
    for &size in &scope.sizes {
        figures.extend(evoformer::measure(&mut report, arguments, &scope, (&cpu, &target), size, &ceiling)?);
    }
    for &positions in &scope.positions {
        figures.extend(causal::measure(&mut report, arguments, scope.runs, (&cpu, &target), positions, &ceiling)?);
    }
    if !arguments.block {
        figures.extend(igfold::measure(&mut report, scope.runs, (&cpu, &target), &ceiling)?);
    }
    let size = scope.one();
    let given = Given::new(size);
    let alone = parallel::threads(&mut report, &cpu, &given, size, scope.runs)?;
    parallel::stack(&mut report, &cpu, &given, size, scope.blocks, &alone)?;
    parallel::bits(&mut report, &given, size)?;
    let drawn: Vec<&Figure> = figures.iter().filter(|f| f.at == At::from(size) && f.kind == Kind::Fastest).collect();
    write(&arguments.output.join("roofline.svg"), &roofline::roofline(&drawn, &ceiling, THREADS))?;
    write(&arguments.output.join("cpu.md"), &table::page(&report, &machine, &ceiling, &figures))?;
    let about = json!({
        "bench": "cpu", "quick": arguments.quick, "runs": scope.runs,
        "target": { "name": target.instructions.name(), "threads": target.threads },
    });
    report.finish(&arguments.output.join("cpu.json"), about)?;
    Ok(ExitCode::SUCCESS)
}
