//! What a command says of a run: what was promised, what was held, how long it took.

use std::fmt::Write;
use std::time::Duration;

use crease_core::plan::Plan;
use crease_core::units::format_bytes;
use crease_runtime::peak_resident_bytes;

use super::words::seconds;

/// A run that is over.
pub(crate) struct Ran<'p> {
    pub(crate) plan: &'p Plan,
    /// How long it took to plan, and to run.
    pub(crate) planned: Duration,
    pub(crate) took: Duration,
    /// Most bytes that the process held, where the system tells.
    pub(crate) measured: Option<u64>,
}

impl<'p> Ran<'p> {
    /// A run that is over just now.
    pub(crate) fn new(plan: &'p Plan, planned: Duration, took: Duration) -> Ran<'p> {
        Ran { plan, planned, took, measured: peak_resident_bytes() }
    }
}

/// Lines of a name and a value.
#[derive(Default)]
pub(crate) struct Outcome {
    text: String,
}

impl Outcome {
    /// A line.
    pub(crate) fn line(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "{name:<11}{value}");
    }

    /// Budget and plan, the process's peak, and the time it took to plan and to run.
    pub(crate) fn run(&mut self, &Ran { plan, planned, took, measured }: &Ran<'_>) {
        self.line("budget", &plan.budget.map_or("none: the fastest plan".into(), format_bytes));
        let (memory, predicted) = (&plan.memory, seconds(plan.time));
        let parts = format!("{} of weights, {} of arena", format_bytes(memory.weights), format_bytes(memory.arena));
        self.line("plan", &format!("peak {} ({parts}), {predicted} predicted", format_bytes(memory.total())));
        let measured = measured.map_or("not told by this system".into(), format_bytes);
        self.line("measured", &format!("peak {measured} of the whole process"));
        let (planned, took) = (planned.as_secs_f64(), took.as_secs_f64());
        self.line("time", &format!("{took:.2} s, and {planned:.2} s to plan"));
    }

    /// What there is to print.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}
