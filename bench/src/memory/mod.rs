//! The promise about memory: a process holds what its plan says and 64 MiB at most. Commands are run in processes of
//! their own, on models, sizes, budgets and files of all kinds.

mod child;
mod files;
mod runs;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;
use crease_cli::terminal::{CliError, print, usage};
use crease_core::units::format_bytes;

use child::Measured;
use runs::{Draw, Group};

/// Bytes that code, stacks and the planner may take beside a plan.
const OVERHEAD: u64 = 64 << 20;
/// Lengths that one process plans and runs, when all runs are made.
const LENGTHS: u64 = 700;

/// Runs commands and compares what their processes held with what their plans say.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many runs, at least; kinds of runs take turns.
    #[arg(long, default_value_t = 500, value_name = "N")]
    runs: usize,
    /// Lengths that one process plans and runs: as many as there are runs, and 700 at most, unless given.
    #[arg(long, value_name = "N")]
    process_lengths: Option<u64>,
    /// The seed of models, sizes and budgets.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Obeys a command in this process and says what it held.
    #[arg(long, hide = true, num_args = 1.., allow_hyphen_values = true)]
    command: Vec<OsString>,
    /// Plans and runs so many lengths in this process and says what it held.
    #[arg(long, hide = true)]
    lengths: Option<u64>,
}

/// The runs of a kind.
#[derive(Default)]
struct Row {
    runs: usize,
    worst: u64,
    about: String,
}

pub(crate) fn memory(arguments: &Arguments) -> Result<ExitCode, CliError> {
    if !arguments.command.is_empty() {
        return Ok(child::obey(&arguments.command));
    }
    if let Some(lengths) = arguments.lengths {
        return child::run_lengths(lengths);
    }
    let mut table = Table::default();
    let lengths = arguments.process_lengths.unwrap_or(LENGTHS.min(arguments.runs as u64));
    table.add("lengths", &format!("{lengths} lengths in one process"), &child::lengths(lengths)?)?;
    let folder = runs::folder();
    let made = std::fs::create_dir_all(&folder);
    made.map_err(|error| usage(format!("{} cannot be made: {error}", folder.display())))?;
    let done = rounds(arguments, &folder, &mut table);
    let _ = std::fs::remove_dir_all(&folder);
    done?;
    table.finish()
}

fn rounds(arguments: &Arguments, folder: &std::path::Path, table: &mut Table) -> Result<(), CliError> {
    for round in 0.. {
        let groups = runs::round(round, arguments.seed, folder);
        let groups = groups.map_err(|error| usage(format!("{}: cannot be written: {error}", folder.display())))?;
        let mut draw = Draw::new(arguments.seed.wrapping_add(1 << 32).wrapping_add(round));
        for group in &groups {
            if table.runs() >= arguments.runs {
                return Ok(());
            }
            group_of_runs(group, &mut draw, table)?;
        }
    }
    Ok(())
}

/// The smallest budget, none, and others between; what must be refused is tried as it is.
fn group_of_runs(group: &Group, draw: &mut Draw, table: &mut Table) -> Result<(), CliError> {
    let Group { kind, about, words, runs, refused } = group;
    let under = |budget: &str| [words.as_slice(), &["--budget".into(), budget.to_string()]].concat();
    let smallest = child::command(&under("smallest"), *refused)?;
    table.add(kind, &format!("{about}, smallest"), &smallest)?;
    if *runs == 1 {
        return Ok(());
    }
    let fastest = child::command(words, *refused)?;
    table.add(kind, about, &fastest)?;
    for _ in 2..*runs {
        // What is said of the smallest is rounded.
        let least = smallest.plan + smallest.plan / 50;
        let budget = draw.between(least, fastest.plan.max(least + 1));
        let measured = child::command(&under(&format!("{budget}B")), *refused)?;
        table.add(kind, &format!("{about}, {}", format_bytes(budget)), &measured)?;
    }
    Ok(())
}

/// All runs so far.
#[derive(Default)]
struct Table {
    rows: BTreeMap<&'static str, Row>,
}

impl Table {
    fn runs(&self) -> usize {
        self.rows.values().map(|row| row.runs).sum()
    }

    /// Takes a run in, and says so where it is the worst of its kind.
    fn add(&mut self, kind: &'static str, about: &str, measured: &Measured) -> Result<(), CliError> {
        let row = self.rows.entry(kind).or_default();
        row.runs += 1;
        let excess = measured.excess();
        if excess > row.worst {
            (row.worst, row.about) = (excess, about.to_string());
            let (peak, plan) = (format_bytes(measured.peak), format_bytes(measured.plan));
            print(&format!(
                "{kind:<12}{:>11} beside a plan of {plan} (in all {peak}): {about}\n",
                format_bytes(excess)
            ))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<ExitCode, CliError> {
        let mut text = format!("\n{:<12}{:>6}{:>12}  {}\n", "kind", "runs", "worst", "of");
        for (kind, Row { runs, worst, about }) in &self.rows {
            text += &format!("{kind:<12}{runs:>6}{:>12}  {about}\n", format_bytes(*worst));
        }
        let worst = self.rows.values().map(|row| row.worst).max().unwrap_or_default();
        let kept = worst <= OVERHEAD;
        let verdict = if kept { "kept" } else { "broken" };
        text += &format!("{} runs, at most {} beside a plan: {verdict}\n", self.runs(), format_bytes(worst));
        print(&text)?;
        Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
