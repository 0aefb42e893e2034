//! Times a program as a user's program runs: planned, then executed on the runtime's kernels.

use std::time::{Duration, Instant};

use crease_core::ir::{Graph, Sizes};
use crease_core::kernel::Kernel;
use crease_core::plan::{Checked, Plan, Planner};
use crease_runtime::{Checks, Cpu, Executable, Weights};
use indicatif::ProgressBar;

use crate::terminal::CliError;

/// How long to measure.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// Rounds of a program.
    rounds: usize,
    /// The least time of a round.
    round: Duration,
    /// Elements of what is larger than any cache.
    pub(super) large: u64,
}

impl Effort {
    pub(super) const THOROUGH: Effort = Effort { rounds: 11, round: Duration::from_millis(60), large: 1 << 26 };
    pub(super) const QUICK: Effort = Effort { rounds: 3, round: Duration::from_millis(1), large: 1 << 19 };
}

/// Times programs on a machine with a number of threads.
pub(super) struct Bench<'a> {
    cpu: &'a Cpu,
    pub(super) effort: Effort,
    bar: &'a ProgressBar,
}

impl<'a> Bench<'a> {
    pub(super) fn new(cpu: &'a Cpu, effort: Effort, bar: &'a ProgressBar) -> Bench<'a> {
        Bench { cpu, effort, bar }
    }

    /// Nanoseconds of a run.
    pub(super) fn time(&self, graph: &Graph) -> Result<f64, CliError> {
        self.planned(&self.plan(graph)?)
    }

    /// Nanoseconds of a run whose products are added to what their results hold.
    pub(super) fn time_adding(&self, graph: &Graph) -> Result<f64, CliError> {
        let mut plan = self.plan(graph)?.into_inner();
        for kernel in plan.kernels.values_mut() {
            if let Kernel::Contract(contract) = kernel {
                contract.parts.iter_mut().for_each(|part| part.accumulate = true);
            }
        }
        self.planned(&plan.check()?)
    }

    fn plan(&self, graph: &Graph) -> Result<Checked<Plan>, CliError> {
        Ok(Planner::new(graph, &Sizes::new(), &self.cpu.target())?.plan(None)?.check()?)
    }

    /// The median over rounds of each round's fastest run: what else the machine does only makes runs slower, and
    /// the median keeps a lucky clock out.
    fn planned(&self, plan: &Checked<Plan>) -> Result<f64, CliError> {
        let weights = Weights::new("none");
        let mut executable = Executable::new(plan, &weights, self.cpu, Checks::default())?;
        for port in &plan.inputs {
            for (k, x) in executable.input(&port.name)?.iter_mut().enumerate() {
                *x = (k % 97) as f32 / 97.0 - 0.5;
            }
        }
        executable.run()?;
        let mut fastest = Vec::new();
        for _ in 0..self.effort.rounds {
            let (round, mut best) = (Instant::now(), Duration::MAX);
            while best == Duration::MAX || round.elapsed() < self.effort.round {
                let start = Instant::now();
                executable.run()?;
                best = best.min(start.elapsed());
            }
            fastest.push(best.as_nanos() as f64);
        }
        fastest.sort_by(f64::total_cmp);
        self.bar.inc(1);
        Ok(fastest[fastest.len() / 2].max(1.0))
    }
}
