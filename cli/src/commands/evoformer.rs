//! `crease evoformer`: from an alignment to representations.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, Instant};

use clap::Args;
use crease_core::ir::Sizes;
use crease_core::lang::Options;
use crease_core::plan::Plan;
use crease_models::checkpoint::{Checkpoint, random_weights};
use crease_models::features::{FeatureOptions, MsaRows};
use crease_models::output::Files;
use crease_runtime::{Backend, Checks, Event, Executable, RunError};
use indicatif::{ProgressBar, ProgressStyle};

use crate::choice::{Budget, Chosen, Equations, Precision, about, adopt, fused, machine, outputs, planned, table};
use crate::terminal::profile::{self, Profile};
use crate::terminal::{CliError, Outcome, Ran, usage};

/// Its inputs that are all ones here.
const MASKS: [&str; 2] = ["msa_mask", "pair_mask"];

/// Blocks of a run without a checkpoint: enough to see what a run takes, few enough to wait for.
const DEFAULT_BLOCKS: u64 = 4;
/// Most blocks that can be asked for.
const MOST_BLOCKS: u64 = 1024;
/// The model that an alignment is run through.
const MODEL: &str = "alignment_evoformer";

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The alignment: A3M, aligned FASTA or Stockholm; its first row is the query.
    alignment: PathBuf,
    /// The safetensors file to write: `m`, `z` and `single`.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// A checkpoint under OpenFold's names; without it weights are random.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Evoformer blocks: those of the checkpoint unless given, 4 without a checkpoint.
    #[arg(long)]
    blocks: Option<u64>,
    /// At most this many sequences as rows of the MSA representation.
    #[arg(long, default_value_t = 512)]
    max_seqs: usize,
    /// At most this many more sequences in the profiles of the nearest rows.
    #[arg(long, default_value_t = 1024)]
    max_extra: usize,
    /// Bytes that the run may hold (`1GiB`), or `smallest`; without it the fastest plan.
    #[arg(long)]
    budget: Option<Budget>,
    #[command(flatten)]
    precision: Precision,
    /// Draws the sequences at random with this seed; `none` takes them in the file's order.
    #[arg(long, default_value = "none", value_name = "none|N")]
    seed: Seed,
    /// Masks 15 % of the alignment's positions at random with this seed, as AlphaFold does; `none` masks none.
    #[arg(long, default_value = "none", value_name = "none|N")]
    mask_seed: Seed,
    /// The seed of random weights.
    #[arg(long, default_value_t = 0, conflicts_with = "weights")]
    weights_seed: u64,
    /// Threads; all unless given.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    table: table::Chosen,
    #[command(flatten)]
    profile: profile::Wanted,
}

/// A seed, or none.
#[derive(Clone, Copy, Debug)]
struct Seed(Option<u64>);

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Seed, String> {
        match text {
            "none" => Ok(Seed(None)),
            text => text.parse().map(|seed| Seed(Some(seed))).map_err(|_| "expected `none` or a whole number".into()),
        }
    }
}

pub(super) fn evoformer(arguments: &Arguments) -> Result<ExitCode, CliError> {
    if arguments.blocks.is_some_and(|b| b == 0 || b > MOST_BLOCKS) {
        return Err(usage(format!("--blocks must be from 1 to {MOST_BLOCKS}")));
    }
    let mut files = Files::new();
    files.reads("the alignment", [&arguments.alignment])?;
    files.reads("--weights", &arguments.weights)?;
    files.reads("--table", &arguments.table.table)?;
    let output = files.writes("--output", &arguments.output)?;
    let trace = arguments.profile.trace.as_ref().map(|path| files.writes("--trace", path)).transpose()?;
    let (mut chosen, checkpoint) = choose(arguments)?;
    let rows = read(arguments)?;
    let cpu = machine(arguments.threads)?;
    let target = arguments.table.machine(&cpu)?;
    let axes = Sizes::from([("S".into(), rows.num_seqs as u64), ("R".into(), rows.num_residues as u64)]);
    let blocks = blocks(arguments, &mut chosen);
    let start = Instant::now();
    // Every position of an alignment is there: gaps are letters too.
    let ones = MASKS.map(str::to_string).into();
    let options = Options { ones, precision: arguments.precision.precision, ..Options::default() };
    let given = checkpoint.as_ref().map(Checkpoint::weights).transpose()?;
    let in_file = given.as_ref().is_some_and(|weights| weights.are_in_file(|name| chosen.reads(name)));
    let (_, plan) = planned(&chosen, &axes, &options, &target, arguments.budget, in_file)?;
    let plan = plan.check()?;
    let planning = start.elapsed();
    let weights = given.unwrap_or_else(|| random_weights(&plan, arguments.weights_seed));
    let mut executable = Executable::new(&plan, &weights, &cpu, Checks::default())?;
    fill(&mut executable, &rows)?;
    let mut report = Report(Outcome::default());
    report.inputs(arguments, &rows, checkpoint.as_ref(), blocks);
    drop(rows);
    let mut profile = Profile::new(&arguments.profile, trace, &plan)?;
    let start = Instant::now();
    profile.begin();
    run(&mut executable, blocks, &mut profile)?;
    let time = start.elapsed();
    let profiled = profile.end(time)?;
    output.write_tensors(&outputs(&executable, &plan, str::to_string)?, &about(&chosen))?;
    report.outcome(arguments, &plan, planning, time);
    crate::terminal::print(&(profiled + &report.0.take()))?;
    Ok(ExitCode::SUCCESS)
}

/// The model at the widths of the checkpoint, if there is one.
fn choose(arguments: &Arguments) -> Result<(Chosen, Option<Checkpoint>), CliError> {
    let mut chosen = Chosen::new(MODEL, &[])?;
    let Some(path) = &arguments.weights else { return Ok((chosen, None)) };
    let checkpoint = Checkpoint::open(path, &chosen.signature.parameters, None)?;
    let mut equations = Equations::new(&chosen);
    equations.weights(&chosen, &checkpoint);
    adopt(&mut chosen, &equations.solve());
    fused(&mut chosen, &checkpoint);
    Ok((chosen, Some(checkpoint)))
}

/// The rows of the alignment that features need.
fn read(arguments: &Arguments) -> Result<MsaRows, CliError> {
    let options = FeatureOptions {
        max_seqs: arguments.max_seqs,
        max_extra: arguments.max_extra,
        sample_seed: arguments.seed.0,
        mask_seed: arguments.mask_seed.0,
    };
    Ok(MsaRows::read(&arguments.alignment, &options)?)
}

/// The number of blocks: as asked, else the checkpoint's, else a few.
fn blocks(arguments: &Arguments, chosen: &mut Chosen) -> u64 {
    use crease_core::lang::ast::Literal;
    let found = chosen.settings.iter().find_map(|(name, value)| match value {
        Literal::Size(size) if name == "BLOCKS" => Some(size),
        _ => None,
    });
    let blocks = arguments.blocks.or(found).unwrap_or(DEFAULT_BLOCKS);
    chosen.settings.set("BLOCKS", blocks);
    blocks
}

/// Writes the features straight to where the plan wants them.
fn fill<B: Backend>(executable: &mut Executable<'_, B>, rows: &MsaRows) -> Result<(), RunError> {
    rows.write_msa_feat(executable.input("msa_feat")?);
    rows.write_target_feat(executable.input("target_feat")?);
    for (k, index) in executable.input("residue_index")?.iter_mut().enumerate() {
        *index = k as f32;
    }
    for mask in MASKS {
        executable.input(mask)?.fill(1.0);
    }
    Ok(())
}

/// Runs with a bar over blocks where a person watches.
fn run<B: Backend>(executable: &mut Executable<'_, B>, blocks: u64, profile: &mut Profile<'_>) -> Result<(), RunError> {
    let bar = ProgressBar::new(blocks);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} block {pos} of {len}  {elapsed} gone, {eta} left") {
        bar.set_style(style);
    }
    bar.tick();
    let done = executable.run_with(&mut |event| match event {
        Event::Layer(progress) => bar.set_position(progress.layers_done),
        call => profile.note(call),
    });
    bar.finish_and_clear();
    done
}

/// What the command says when it is done.
struct Report(Outcome);

impl Report {
    fn inputs(&mut self, arguments: &Arguments, rows: &MsaRows, checkpoint: Option<&Checkpoint>, blocks: u64) {
        let (residues, sequences, extra) = (rows.num_residues, rows.num_seqs, rows.num_extra);
        let extra = if extra > 0 { format!(", {extra} more in their profiles") } else { String::new() };
        let name = arguments.alignment.display();
        self.0.line("alignment", &format!("{name}: {residues} residues, {sequences} sequences{extra}"));
        match (checkpoint, &arguments.weights) {
            (Some(checkpoint), Some(path)) => {
                let prefix = checkpoint.prefix();
                let under = if prefix.is_empty() { String::new() } else { format!(", under `{prefix}`") };
                self.0.line("weights", &format!("{}{under}", path.display()));
            }
            _ => {
                let words = "random: no --weights was given, so the numbers say nothing about the protein";
                self.0.line("weights", &format!("{words} (seed {})", arguments.weights_seed));
            }
        }
        let why = match (arguments.blocks, checkpoint) {
            (Some(_), _) => "as asked",
            (None, Some(_)) => "as the weights have",
            (None, None) => "the default without weights; AlphaFold has 48",
        };
        self.0.line("blocks", &format!("{blocks} ({why})"));
    }

    fn outcome(&mut self, arguments: &Arguments, plan: &Plan, planned: Duration, time: Duration) {
        self.0.run(&Ran::new(plan, planned, time));
        let shape = |port: &crease_core::plan::PlanPort| {
            let extents: Vec<String> = port.shape.iter().map(u64::to_string).collect();
            format!("{} [{}]", port.name, extents.join(", "))
        };
        let outputs: Vec<String> = plan.outputs.iter().map(shape).collect();
        self.0.line("output", &format!("{}: {}", arguments.output.display(), outputs.join(", ")));
    }
}
