//! `crease calibrate`: how fast this machine runs kernels, as a cost table for the planner.
//!
//! One file a job: `bench.rs` times programs, `programs.rs` builds them, `figures.rs` makes figures of their times,
//! `checks.rs` holds the cost model with these figures against other programs.

mod bench;
mod checks;
mod figures;
mod programs;

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crease_core::plan::{Table, Target};
use crease_models::output::OutputFile;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use crate::choice::machine;
use crate::choice::table::own_place;
use crate::terminal::{CliError, usage};
use bench::{Bench, Effort};
use checks::Check;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Threads that share the memory's bandwidth; all unless given. Other figures are those of one thread.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// The table to write; `crease/target-<instructions>.json` in the user's configuration folder unless given.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Measure for a second, to see that it works.
    #[arg(long, hide = true)]
    quick: bool,
}

pub(super) fn calibrate(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (one, all) = (machine(NonZeroUsize::new(1))?, machine(arguments.threads)?);
    let target = all.target();
    let path = place(arguments, &target)?;
    let output = OutputFile::new(&path)?;
    let effort = if arguments.quick { Effort::QUICK } else { Effort::THOROUGH };
    let bar = ProgressBar::new(figures::STEPS + checks::STEPS);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} programs  {elapsed} gone") {
        bar.set_style(style);
    }
    bar.tick();
    let (one, all) = (Bench::new(&one, effort, &bar), Bench::new(&all, effort, &bar));
    let shipped = Table::shipped(target.instructions);
    let table = figures::measure(shipped, &one, &all)?;
    let checks = checks::measure(shipped, &table, &one)?;
    bar.finish_and_clear();
    output.write_text(&table.text())?;
    let found = Found { shipped, table: &table, checks: &checks, path: &path, threads: target.threads };
    crate::terminal::print(&if arguments.json { found.json() } else { found.text() })?;
    Ok(ExitCode::SUCCESS)
}

/// Where the table goes. The folder of the user's own place is made if it is missing.
fn place(arguments: &Arguments, target: &Target) -> Result<PathBuf, CliError> {
    if let Some(path) = &arguments.output {
        return Ok(path.clone());
    }
    let path = own_place(target.instructions)?;
    if let Some(folder) = path.parent() {
        let wrong = |e| usage(format!("{}: cannot be made: {e}", folder.display()));
        std::fs::create_dir_all(folder).map_err(wrong)?;
    }
    Ok(path)
}

/// What was measured.
struct Found<'a> {
    shipped: &'a Table,
    table: &'a Table,
    checks: &'a [Check],
    path: &'a PathBuf,
    threads: u64,
}

impl Found<'_> {
    /// Name, shipped and measured figure.
    fn figures(&self) -> impl Iterator<Item = (&'static str, u64, u64)> {
        let measured = self.table.figures().into_iter().map(|(_, value)| value);
        self.shipped.figures().into_iter().zip(measured).map(|((name, shipped), measured)| (name, shipped, measured))
    }

    fn text(&self) -> String {
        let mut text = format!("{}, bandwidth of {} threads\n\n", self.table.instructions.name(), self.threads);
        let _ = writeln!(text, "{:<20}{:>12}{:>12}{:>8}", "figure", "shipped", "measured", "ratio");
        for (name, shipped, measured) in self.figures() {
            let _ = writeln!(text, "{name:<20}{shipped:>12}{measured:>12}{:>8.2}", ratio(measured, shipped));
        }
        let _ = writeln!(text, "\n{:<44}{:>12}{:>12}{:>12}", "nanoseconds of", "measured", "predicted", "as shipped");
        for check in self.checks {
            let Check { name, measured, predicted, shipped } = check;
            let _ = writeln!(text, "{name:<44}{measured:>12}{predicted:>12}{shipped:>12}");
        }
        let path = self.path.display();
        let _ = writeln!(text, "\nwritten to {path}\nused where it is named: crease plan MODEL … --table {path}");
        text
    }

    fn json(&self) -> String {
        let figure = |(name, shipped, measured): (&str, u64, u64)| {
            (name.to_string(), json!({ "shipped": shipped, "measured": measured, "ratio": ratio(measured, shipped) }))
        };
        let figures: Map<String, Value> = self.figures().map(figure).collect();
        let check = |c: &Check| json!({ "name": c.name, "measured": c.measured, "predicted": c.predicted, "shipped": c.shipped });
        let checks: Vec<Value> = self.checks.iter().map(check).collect();
        let instructions = self.table.instructions.name();
        let top = json!({
            "instructions": instructions, "threads": self.threads, "table": self.path.display().to_string(),
            "figures": figures, "nanoseconds": checks,
        });
        format!("{top:#}\n")
    }
}

fn ratio(measured: u64, shipped: u64) -> f64 {
    measured as f64 / shipped as f64
}
