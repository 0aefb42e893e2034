//! Fast: how long planning takes, on one core.

use std::time::{Duration, Instant};

use crease_cli::terminal::CliError;
use crease_core::plan::{Planner, Target};
use serde_json::json;

use super::kept::SIZES;
use super::scope::Scope;
use crate::block::{Program, Size};
use crate::report::Report;

/// Seconds promised for a block, and for the stack.
const BLOCK: f64 = 0.5;
const STACK: f64 = 1.0;
/// Where the stack is planned.
const STACK_SIZE: Size = (512, 2048);

pub(super) fn fast(report: &mut Report, scope: &Scope, target: &Target) -> Result<(), CliError> {
    for &size in SIZES.iter().filter(|size| !scope.quick || size.1 <= 256) {
        let program = Program::new(&crease_models::evoformer::evoformer::evoformer_block(), size)?;
        time(report, scope, target, "block", &program, size, BLOCK)?;
    }
    let program = Program::new(&crease_models::evoformer::evoformer::evoformer_stack(), STACK_SIZE)?;
    time(report, scope, target, "stack of 48 blocks", &program, STACK_SIZE, STACK)
}

/// The median of a few plannings from the graph to a plan under a budget.
fn time(
    report: &mut Report,
    scope: &Scope,
    target: &Target,
    name: &str,
    program: &Program,
    (s, r): Size,
    promised: f64,
) -> Result<(), CliError> {
    report.doing(format!("time to plan the {name} at s={s} r={r}"));
    let mut runs: Vec<Taken> = Vec::new();
    // A budget half way: known only after a first planning, which is not timed.
    let planner = Planner::new(&program.graph, &program.sizes, target)?;
    let (least, most) = (planner.leanest().memory.total(), planner.plan(None)?.memory.total());
    let budget = least + most.saturating_sub(least) / 2;
    let explored = planner.explored();
    for _ in 0..scope.count(3, 1) {
        let start = Taken::start();
        Planner::new(&program.graph, &program.sizes, target)?.plan(Some(budget))?;
        runs.push(start.stop());
    }
    runs.sort_by_key(|taken| taken.core);
    let (median, clock) = (runs[runs.len() / 2].core.as_secs_f64(), runs[runs.len() / 2].clock.as_secs_f64());
    let text = format!(
        "{name} s={s} r={r}: planned in {median:.3} s of one core ({clock:.3} s on the clock), promised {promised}; {} e-graphs of {} nodes, {} classes, {} iterations",
        explored.graphs, explored.nodes, explored.classes, explored.iterations
    );
    let data = json!({
        "program": name, "s": s, "r": r, "core_seconds": median, "clock_seconds": clock, "promised": promised, "graphs": explored.graphs,
        "nodes": explored.nodes, "classes": explored.classes, "iterations": explored.iterations,
        "saturated": explored.saturated,
    });
    report.line("fast", &text, Some(median < promised), data)
}

/// Time taken: by this thread on its core, and on the clock, which neighbours stretch.
struct Taken {
    core: Duration,
    clock: Duration,
    since: Instant,
}

impl Taken {
    fn start() -> Taken {
        let core = core_time().unwrap_or_default();
        Taken { core, clock: Duration::ZERO, since: Instant::now() }
    }

    fn stop(self) -> Taken {
        let clock = self.since.elapsed();
        // A system that does not tell how long a thread ran has the clock only.
        let core = core_time().map_or(clock, |now| now.saturating_sub(self.core));
        Taken { core, clock, ..self }
    }
}

/// How long this thread has run, where the system tells.
fn core_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
