//! `crease run`: tensors in, tensors out.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use crease_core::lang::Options;
use crease_core::lang::ast::Literal;
use crease_core::plan::Plan;
use crease_core::units::format_bytes;
use crease_runtime::{Backend, Checks, Executable};

use super::choose::{Budget, Chosen, Pair, Precision, machine};
use super::error::{CliError, usage};
use super::infer::{Equations, adopt, shown};
use super::plan::planned;
use super::profile::{self, Profile};
use super::reference::Reference;
use super::table;
use crate::checkpoint::{Checkpoint, OutputFile, TensorFile, Written};

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
    let output = OutputFile::new(&arguments.output)?;
    let sources = sources(arguments)?;
    let cpu = machine(arguments.threads)?;
    let (target, weights) = (arguments.table.machine(&cpu)?, sources.checkpoint.weights()?);
    let (budget, in_file) = (arguments.budget, weights.are_in_file(|name| sources.chosen.reads(name)));
    let (elaborated, plan) = planned(&sources.chosen, &sources.axes, &sources.options, &target, budget, in_file)?;
    let mut executable = Executable::new(&plan, &weights, &cpu, Checks::default())?;
    set_inputs(&mut executable, &sources.chosen, &sources.inputs, sources.prefix)?;
    for name in &sources.options.ones {
        let input = executable.input(name)?;
        if let Some(k) = input.iter().position(|x| *x != 1.0) {
            return Err(usage(format!("--ones {name}: element {k} of this input is {}, not 1", input[k])));
        }
    }
    let mut profile = Profile::new(&arguments.profile, &plan)?;
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
    output.write(&written, &about(&sources.chosen))?;
    let text = format!(
        "{profiled}{}: {} tensors, peak {}, {:.3} s\n",
        arguments.output.display(),
        written.len(),
        format_bytes(plan.memory.total()),
        time.as_secs_f64()
    );
    super::print(&text)?;
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

/// A checkpoint says by its names whether it has one projection for both sides of a triangle multiplication.
pub(super) fn fused(chosen: &mut Chosen, checkpoint: &Checkpoint) {
    const SETTING: &str = "FUSED_PROJECTIONS";
    let joint = |name: &str| name.contains(".linear_ab_p.");
    let there = chosen.signature.parameters.iter().any(|p| joint(&p.name) && checkpoint.has(p));
    if there && chosen.default_of(SETTING) == Some(Literal::Flag(false)) && !chosen.is_set(SETTING) {
        chosen.settings.set(SETTING, true);
    }
}

/// Optional inputs and parameters that are not there become `None`.
pub(super) fn options(chosen: &Chosen, checkpoint: &Checkpoint, inputs: &TensorFile, prefix: &str) -> Options {
    let signature = &chosen.signature;
    let no_input = |name: &str| inputs.shape(&inputs.input(prefix, name)).is_none();
    let gone_inputs = signature.inputs.iter().filter(|i| i.optional && no_input(&i.name)).map(|i| i.name.clone());
    let gone = signature.parameters.iter().filter(|p| p.optional && !checkpoint.has(p)).map(|p| p.name.clone());
    Options { absent: gone_inputs.chain(gone).collect(), ..Options::default() }
}

/// Reads every input from its file straight to its place in the arena.
pub(super) fn set_inputs<B: Backend>(
    executable: &mut Executable<'_, B>,
    chosen: &Chosen,
    file: &TensorFile,
    prefix: &str,
) -> Result<(), CliError> {
    for port in &executable.plan().inputs.clone() {
        let name = file.input(prefix, &port.name);
        let found = file.expect_shape(&name)?;
        if found.len() != port.shape.len() || found.iter().zip(&port.shape).any(|(a, b)| *a as u64 != *b) {
            let own = chosen.signature.inputs.iter().find(|i| i.name == port.name);
            return Err(CliError::Shape {
                file: file.path().to_path_buf(),
                name,
                expected: port.shape.clone(),
                symbols: own.map(|i| shown(&i.shape)).unwrap_or_default(),
                found: found.to_vec(),
            });
        }
        file.read_into(&name, executable.input(&port.name)?)?;
    }
    Ok(())
}

/// Every output where it stands in the arena.
pub(super) fn outputs<'e, B: Backend>(
    executable: &'e Executable<'_, B>,
    plan: &'e Plan,
    renamed: impl Fn(&str) -> String,
) -> Result<Vec<Written<'e>>, CliError> {
    let written = |port: &'e crease_core::plan::PlanPort| {
        Ok((renamed(&port.name), port.shape.as_slice(), executable.output(&port.name)?))
    };
    plan.outputs.iter().map(written).collect()
}

/// What an output file says of itself.
pub(super) fn about(chosen: &Chosen) -> BTreeMap<String, String> {
    let mut about = BTreeMap::from([("model".to_string(), chosen.name.clone())]);
    let settings: Vec<String> = chosen
        .settings
        .iter()
        .map(|(name, value)| match value {
            Literal::Size(n) => format!("{name}={n}"),
            Literal::Flag(b) => format!("{name}={b}"),
            Literal::Number(x) => format!("{name}={x:?}"),
        })
        .collect();
    about.insert("settings".into(), settings.join(" "));
    about
}
