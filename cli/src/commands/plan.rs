//! `crease plan`: what a run would hold, without running it.

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crease_core::ir::Sizes;
use crease_core::lang::ast::Literal;
use crease_core::lang::{Elaborated, Options};
use crease_core::plan::{InstructionSet, Naive, Plan, PlanError, Step, Target, naive};
use crease_core::units::format_bytes;
use crease_models::output::Files;
use crease_runtime::Cpu;
use serde_json::{Map, Value, json};

use crate::choice::{
    Budget, Chosen, Pair, Precision, plan_within, planner, table, threads, whole_sizes, with_precision,
};
use crate::report::{Story, memory_parts};
use crate::terminal::{CliError, seconds, suggestion, usage};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The model, as `crease models` names it.
    model: String,
    /// The size of an axis; once for each.
    #[arg(short = 'd', long = "dimension", value_name = "AXIS=SIZE")]
    dimensions: Vec<Pair>,
    /// Bytes that a run may hold (`4GiB`), or `smallest`; without it the fastest plan.
    #[arg(long)]
    budget: Option<Budget>,
    /// A value for a setting of the model.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Pair>,
    /// An input that is all ones (`msa_mask`): what it multiplies or hides leaves the program.
    #[arg(long, value_name = "INPUT")]
    ones: Vec<String>,
    #[command(flatten)]
    precision: Precision,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Write the plan as a page to look at in a browser.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Threads to plan for; all of this machine unless given.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Instructions to plan for: portable, avx2 or avx512; this machine's unless given.
    #[arg(long)]
    target: Option<String>,
    #[command(flatten)]
    table: table::Chosen,
}

pub(super) fn plan(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut files = Files::new();
    files.reads("--table", &arguments.table.table)?;
    let report = arguments.report.as_ref().map(|path| files.writes("--report", path)).transpose()?;
    let chosen = Chosen::new(&arguments.model, &arguments.set)?;
    let axes = chosen.sizes(&arguments.dimensions)?;
    let target = target(arguments)?;
    let (ones, precision) = (chosen.ones(&arguments.ones)?, arguments.precision.precision);
    let options = Options { ones, precision, ..Options::default() };
    let (elaborated, planner) = planner(&chosen, &axes, &options, &target)?;
    let naive = naive(&elaborated.graph, &whole_sizes(&elaborated, &axes))?;
    let made = plan_within(&planner, arguments.budget);
    let found = Found {
        chosen: &chosen,
        axes: &axes,
        elaborated: &elaborated,
        leanest: planner.leanest(),
        least: planner.lower_bound(),
        naive: &naive,
    };
    match made {
        Ok(plan) => {
            let story = Story::new(&planner, &plan, &axes, &naive)?;
            if let Some(report) = report {
                report.write_text(&story.page())?;
            }
            let written = arguments.report.iter().map(|path| format!("{:<14}{}\n", "report", path.display()));
            let text = || found.text(&plan) + &story.text() + &written.collect::<String>();
            crate::terminal::print(&if arguments.json { found.json(Ok((&plan, &story))) } else { text() })?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            if let (true, CliError::Plan(error @ PlanError::Budget { .. })) = (arguments.json, &error) {
                crate::terminal::print(&found.json(Err(error)))?;
            }
            Err(with_precision(error, &chosen, &axes, &options, &target, true))
        }
    }
}

fn target(arguments: &Arguments) -> Result<Target, CliError> {
    let threads = threads(arguments.threads)? as u64;
    let instructions = match &arguments.target {
        None => Cpu::new(Some(1))?.target().instructions,
        Some(name) => InstructionSet::from_name(name).ok_or_else(|| {
            let known = [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512];
            usage(format!("there is no target `{name}`: {}", suggestion(name, known.map(InstructionSet::name))))
        })?,
    };
    arguments.table.target(instructions, threads)
}

/// What was found about a choice.
struct Found<'a> {
    chosen: &'a Chosen,
    axes: &'a Sizes,
    elaborated: &'a Elaborated,
    leanest: &'a Plan,
    /// What no plan can do without.
    least: u64,
    naive: &'a Naive,
}

impl Found<'_> {
    fn text(&self, plan: &Plan) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "{name:<14}{value}");
        };
        let memory = &plan.memory;
        let axes: Vec<String> = self.axes.iter().map(|(name, size)| format!("{name}={size}")).collect();
        line("model", format!("{} {}", self.chosen.name, axes.join(" ")));
        line("target", format!("{}, {} threads", plan.target.instructions.name(), plan.target.threads));
        let precision = self.elaborated.graph.precision;
        if !precision.is_single() {
            line("precision", format!("{precision} between operations"));
        }
        match plan.budget {
            Some(budget) => line("budget", format!("{}: fits", bytes(budget))),
            None => line("budget", "none: the fastest plan".into()),
        }
        line("peak", bytes(memory.total()));
        if let Some(layer) = streamed(plan) {
            line("streamed", format!("{} of weights a layer, read anew for each", bytes(layer)));
        }
        for (name, part) in memory_parts(memory).into_iter().filter(|(_, part)| *part > 0) {
            line(&format!("  {name}"), bytes(part));
        }
        line("fullest at", memory.operation.clone());
        line("time", format!("{} (predicted)", seconds(plan.time)));
        let leanest = &self.leanest.memory;
        line("smallest", format!("{}, bound by {}", bytes(leanest.total()), leanest.operation));
        line("lower bound", format!("{} (no plan can hold less)", bytes(self.least)));
        line("naive peak", format!("{} (as written, nothing split)", bytes(self.naive.peak() + memory.weights)));
        let mut loops = Vec::new();
        list_loops(plan, &mut loops);
        line("loops", if loops.is_empty() { "none".into() } else { String::new() });
        for (depth, found) in loops {
            let _ = writeln!(text, "  {}{}", "  ".repeat(depth), found.text());
        }
        text
    }

    fn json(&self, made: Result<(&Plan, &Story<'_>), &PlanError>) -> String {
        let mut top = Map::new();
        let mut put = |name: &str, value: Value| top.insert(name.into(), value);
        put("model", json!(self.chosen.name));
        put("sizes", json!(self.axes));
        let settings = self.elaborated.settings.iter().map(|(name, value)| {
            let value = match value {
                Literal::Size(n) => json!(n),
                Literal::Flag(b) => json!(b),
                Literal::Number(x) => json!(x),
            };
            (name.to_string(), value)
        });
        put("settings", Value::Object(settings.collect()));
        put("precision", json!(self.elaborated.graph.precision.name()));
        let leanest = &self.leanest.memory;
        put("smallest", json!({ "bytes": leanest.total(), "operation": leanest.operation }));
        put("lower_bound", json!(self.least));
        put("naive_peak", json!(self.naive.peak() + leanest.weights));
        put("fits", json!(made.is_ok()));
        match made {
            Ok((plan, story)) => {
                put("budget", json!(plan.budget));
                put("target", json!({ "name": plan.target.instructions.name(), "threads": plan.target.threads }));
                let of_peak = memory_parts(&plan.memory).map(|(name, bytes)| (name.to_string(), json!(bytes)));
                let mut memory: Map<String, Value> = of_peak.into_iter().collect();
                memory.insert("peak".into(), json!(plan.memory.total()));
                memory.insert("arena".into(), json!(plan.memory.arena));
                memory.insert("operation".into(), json!(plan.memory.operation));
                put("memory", Value::Object(memory));
                put("predicted_nanoseconds", json!(plan.time));
                let mut loops = Vec::new();
                list_loops(plan, &mut loops);
                put("loops", loops.iter().map(|(depth, found)| found.json(*depth)).collect());
                top.extend(story.json());
            }
            Err(error) => {
                if let PlanError::Budget { budget, .. } = error {
                    put("budget", json!(budget));
                }
                put("error", json!(error.to_string()));
            }
        }
        format!("{:#}\n", Value::Object(top))
    }
}

/// One loop of a plan.
enum Loop<'a> {
    Chunk { label: &'a str, total: u64, chunk: u64, kernels: usize, first: &'a str, last: &'a str },
    Layers { count: u64 },
}

impl Loop<'_> {
    fn text(&self) -> String {
        match self {
            Loop::Layers { count } => format!("{count} layers"),
            Loop::Chunk { label, total, chunk, kernels, first, last } => {
                let over = if first == last { (*first).to_string() } else { format!("{first} … {last}") };
                let kernels = if *kernels == 1 { "1 kernel".into() } else { format!("{kernels} kernels") };
                format!("{label}: {total} in chunks of {chunk}, {kernels}: {over}")
            }
        }
    }

    fn json(&self, depth: usize) -> Value {
        match self {
            Loop::Layers { count } => json!({ "depth": depth, "layers": count }),
            Loop::Chunk { label, total, chunk, kernels, first, last } => json!({
                "depth": depth, "over": label, "extent": total, "chunk": chunk,
                "kernels": kernels, "first": first, "last": last,
            }),
        }
    }
}

fn list_loops<'a>(plan: &'a Plan, into: &mut Vec<(usize, Loop<'a>)>) {
    for (step, around) in plan.walk() {
        let own = match step {
            Step::Call(_) => continue,
            Step::Layers { count, .. } => Loop::Layers { count: *count },
            Step::Chunk { total, chunk, label, body, .. } => {
                let calls = Step::walk(body).filter_map(|(step, _)| match step {
                    Step::Call(call) => Some(call.origin.as_str()),
                    Step::Chunk { .. } | Step::Layers { .. } => None,
                });
                let calls: Vec<&str> = calls.collect();
                let (first, last) = (calls.first().copied().unwrap_or(""), calls.last().copied().unwrap_or(""));
                Loop::Chunk { label, total: *total, chunk: *chunk, kernels: calls.len(), first, last }
            }
        };
        into.push((around.len(), own));
    }
}

/// Bytes of one layer's weights where they are streamed.
fn streamed(plan: &Plan) -> Option<u64> {
    let layers = plan.params.values().filter(|p| p.streamed);
    let sum: u64 = layers.map(|p| 4 * p.shape.iter().product::<u64>()).sum();
    (sum > 0).then_some(sum)
}

fn bytes(bytes: u64) -> String {
    format!("{} ({bytes} bytes)", format_bytes(bytes))
}
