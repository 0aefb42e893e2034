//! `crease run`: tensors in, tensors out.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use crease_core::lang::Options;
use crease_core::units::format_bytes;
use crease_models::checkpoint::{Checkpoint, TensorFile};
use crease_models::output::Files;
use crease_runtime::{Checks, Executable};

use crate::choice::{
    Budget, Chosen, Equations, Pair, Precision, Reference, about, adopt, fused, machine, options, outputs, planned,
    set_inputs, table,
};
use crate::terminal::profile::{self, Profile};
use crate::terminal::{CliError, usage};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The model, as `crease models` names it.
    model: String,
    /// A safetensors file of weights under OpenFold's names; prefixes like `model.` are found.
    #[arg(long, required_unless_present = "reference", value_name = "FILE")]
    weights: Option<PathBuf>,
    /// A safetensors file of the inputs under the model's names; sizes of axes are taken from it.
    #[arg(long, required_unless_present = "reference", value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// A reference file (`weights.*`, `in.*`, `config`): every `out.*` and `mid.*` is written.
    #[arg(long, conflicts_with_all = ["weights", "inputs", "prefix"], value_name = "FILE")]
    reference: Option<PathBuf>,
    /// The safetensors file to write.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// What stands before the model's names in the weights, where it is not to be guessed: `evoformer.blocks.7`.
    #[arg(long)]
    prefix: Option<String>,
    /// Bytes that the run may hold (`4GiB`), or `smallest`; without it the fastest plan.
    #[arg(long)]
    budget: Option<Budget>,
    /// A value for a setting of the model; widths are otherwise taken from inputs and weights.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Pair>,
    /// An input that is all ones (`msa_mask`): what it multiplies or hides leaves the program.
    #[arg(long, value_name = "INPUT")]
    ones: Vec<String>,
    #[command(flatten)]
    precision: Precision,
    /// Threads; all unless given.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    table: table::Chosen,
    #[command(flatten)]
    profile: profile::Wanted,
}

/// Everything a run starts from.
struct Sources {
    chosen: Chosen,
    checkpoint: Checkpoint,
    inputs: TensorFile,
    /// What stands before the inputs' names.
    prefix: &'static str,
    axes: crease_core::ir::Sizes,
    options: Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut files = Files::new();
    files.reads("--weights", &arguments.weights)?;
    files.reads("--inputs", &arguments.inputs)?;
    files.reads("--reference", &arguments.reference)?;
    files.reads("--table", &arguments.table.table)?;
    let output = files.writes("--output", &arguments.output)?;
    let trace = arguments.profile.trace.as_ref().map(|path| files.writes("--trace", path)).transpose()?;
    let sources = sources(arguments)?;
    let cpu = machine(arguments.threads)?;
    let (target, weights) = (arguments.table.machine(&cpu)?, sources.checkpoint.weights()?);
    let (budget, in_file) = (arguments.budget, weights.are_in_file(|name| sources.chosen.reads(name)));
    let (elaborated, plan) = planned(&sources.chosen, &sources.axes, &sources.options, &target, budget, in_file)?;
    let plan = plan.check()?;
    let mut executable = Executable::new(&plan, &weights, &cpu, Checks::default())?;
    set_inputs(&mut executable, &sources.chosen, &sources.inputs, sources.prefix)?;
    for name in &sources.options.ones {
        let input = executable.input(name)?;
        if let Some(k) = input.iter().position(|x| *x != 1.0) {
            return Err(usage(format!("--ones {name}: element {k} of this input is {}, not 1", input[k])));
        }
    }
    let mut profile = Profile::new(&arguments.profile, trace, &plan)?;
    let start = Instant::now();
    profile.begin();
    executable.run_with(&mut |event| profile.note(event))?;
    let time = start.elapsed();
    let profiled = profile.end(time)?;
    let renamed = |name: &str| match &arguments.reference {
        None => name.to_string(),
        Some(_) if elaborated.records.iter().any(|r| r == name) => format!("mid.{name}"),
        Some(_) => format!("out.{name}"),
    };
    let written = outputs(&executable, &plan, renamed)?;
    output.write_tensors(&written, &about(&sources.chosen))?;
    let text = format!(
        "{profiled}{}: {} tensors, peak {}, {:.3} s\n",
        arguments.output.display(),
        written.len(),
        format_bytes(plan.memory.total()),
        time.as_secs_f64()
    );
    crate::terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn sources(arguments: &Arguments) -> Result<Sources, CliError> {
    if let Some(path) = &arguments.reference {
        let Reference { file, chosen, checkpoint, axes } =
            Reference::open(path, Some(&arguments.model), &arguments.set)?;
        let ones = chosen.ones(&arguments.ones)?;
        let options = Options {
            record: true,
            ones,
            precision: arguments.precision.precision,
            ..options(&chosen, &checkpoint, &file, "in.")
        };
        return Ok(Sources { chosen, checkpoint, inputs: file, prefix: "in.", axes, options });
    }
    let mut chosen = Chosen::new(&arguments.model, &arguments.set)?;
    let inputs = TensorFile::open(arguments.inputs.as_deref().unwrap_or(Path::new("")))?;
    let weights = arguments.weights.as_deref().unwrap_or(Path::new(""));
    let checkpoint = Checkpoint::open(weights, &chosen.signature.parameters, arguments.prefix.as_deref())?;
    let mut equations = Equations::new(&chosen);
    equations.inputs(&chosen, &inputs, "");
    equations.weights(&chosen, &checkpoint);
    let axes = adopt(&mut chosen, &equations.solve());
    fused(&mut chosen, &checkpoint);
    let ones = chosen.ones(&arguments.ones)?;
    let precision = arguments.precision.precision;
    let options = Options { ones, precision, ..options(&chosen, &checkpoint, &inputs, "") };
    Ok(Sources { chosen, checkpoint, inputs, prefix: "", axes, options })
}
