//! Near the optimum: small random programs against every schedule of theirs.

use crease_cli::terminal::CliError;
use crease_core::ir::Sizes;
use crease_core::plan::baselines::{Exhaustive, RivalError};
use crease_core::plan::{Planner, Target};
use crease_core::random::{AXES, Choices, graph};
use serde_json::{Value, json};

use super::scope::Scope;
use crate::baseline::rival;
use crate::report::Report;

/// Operations of a program as run.
const OPERATIONS: std::ops::RangeInclusive<usize> = 3..=6;
/// Budgets of a program: thousandths of the way from the smallest peak to the fastest plan's.
const BUDGETS: [u64; 6] = [0, 60, 150, 300, 500, 800];
/// Promised: at most so many hundredths of the optimum's time.
const PROMISED: f64 = 1.05;

/// Everything compared.
#[derive(Default)]
struct Found {
    graphs: u64,
    /// Crease's time as a multiple of the optimum's, and where.
    ratios: Vec<(f64, Value)>,
    /// Crease's smallest peak as a multiple of the optimum's, and where.
    peaks: Vec<(f64, Value)>,
}

pub(super) fn near(report: &mut Report, scope: &Scope, target: &Target) -> Result<(), CliError> {
    let wanted = scope.count(50, 8);
    let mut found = Found::default();
    let mut seed = scope.seed.wrapping_mul(7_000_003);
    while found.graphs < wanted {
        report.doing(format!("every schedule of graph {} of {wanted}", found.graphs + 1));
        seed = seed.wrapping_add(1);
        compare(&mut found, seed, target)?;
    }
    found.ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.peaks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (worst, median) = (last(&found.ratios), middle(&found.ratios));
    let over = found.ratios.iter().filter(|r| r.0 > PROMISED).count();
    let text = format!(
        "{} graphs at {} budgets: Crease's time is {worst:.3} x the best of all schedules at worst, {median:.3} in the median, promised {PROMISED:.2}; above it {over} times",
        found.graphs,
        found.ratios.len(),
    );
    let list = |all: &[(f64, Value)]| -> Value {
        all.iter().rev().map(|(ratio, at)| json!({ "ratio": ratio, "at": at })).collect()
    };
    report.line("near", &text, Some(worst <= PROMISED), json!({ "ratios": list(&found.ratios) }))?;
    let text = format!(
        "smallest peak: {:.3} x the smallest of all schedules at worst, {:.3} in the median",
        last(&found.peaks),
        middle(&found.peaks)
    );
    report.line("near", &text, None, json!({ "ratios": list(&found.peaks) }))
}

fn last(sorted: &[(f64, Value)]) -> f64 {
    sorted.last().map_or(1.0, |r| r.0)
}

fn middle(sorted: &[(f64, Value)]) -> f64 {
    sorted.get(sorted.len() / 2).map_or(1.0, |r| r.0)
}

/// Adds a seed's program, if it is of the size that can be searched and has anything to choose.
fn compare(found: &mut Found, seed: u64, target: &Target) -> Result<(), CliError> {
    let mut choices = Choices::new(seed);
    let graph = graph(&mut choices, (3, 8), false);
    let mut extent = || 64 + choices.next(400) as u64;
    let sizes: Sizes = AXES.iter().map(|axis| ((*axis).to_string(), extent())).collect();
    let every = match Exhaustive::new(&graph, &sizes, target) {
        // A tensor beyond all bounds: another graph will do.
        Err(RivalError::Plan(_)) => return Ok(()),
        made => rival(made)?,
    };
    let Some(every) = every.filter(|e| OPERATIONS.contains(&e.operations())) else { return Ok(()) };
    let planner = Planner::new(&graph, &sizes, target)?;
    let (leanest, fastest) = (planner.leanest().memory.clone(), planner.plan(None)?);
    let (least, most) = (leanest.arena, fastest.memory.arena);
    if most <= least {
        return Ok(());
    }
    found.graphs += 1;
    let at = |peak: u64| json!({ "seed": seed, "sizes": sizes, "operations": every.operations(), "peak": peak });
    if let Some(smallest) = every.leanest() {
        found.peaks.push((least as f64 / smallest.memory.arena.max(1) as f64, at(smallest.memory.arena)));
    }
    for thousandths in BUDGETS {
        let peak = least + (most - least) * thousandths / 1000;
        let plan = planner.plan(Some(leanest.weights + peak))?;
        // Where nothing without loops in loops fits, Crease has no rival.
        let Some(best) = every.best(peak) else { continue };
        found.ratios.push((plan.time as f64 / best.time.max(1) as f64, at(peak)));
    }
    Ok(())
}
