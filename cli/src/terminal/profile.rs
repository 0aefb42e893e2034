//! Where the time of a run went: by operation as text, call by call as a trace.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use crease_core::plan::{KernelId, Plan};
use crease_models::output::OutputFile;
use crease_runtime::Event;

use super::error::CliError;
use super::trace::{Trace, Traced};
use super::words::seconds;

#[derive(Args, Debug)]
pub(crate) struct Wanted {
    /// Say how long each operation took, at how many operations and bytes a second.
    #[arg(long)]
    profile: bool,
    /// A file to write every kernel call to, in the trace format that Chrome and Perfetto open.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
}

/// A run being watched; nothing is kept of what nobody asked for.
pub(crate) struct Profile<'p> {
    plan: &'p Plan,
    wanted: bool,
    trace: Option<Trace>,
    start: Instant,
    /// By moment and kernel.
    operations: BTreeMap<(u64, KernelId), Operation<'p>>,
}

/// All calls of an operation.
#[derive(Default)]
struct Operation<'p> {
    name: &'p str,
    took: Duration,
    calls: u64,
    flops: u64,
    bytes: u64,
}

impl<'p> Profile<'p> {
    /// Before a run of a plan, of which a trace may be wanted in a file.
    ///
    /// # Errors
    /// A trace that cannot be written where it is wanted.
    pub(crate) fn new(arguments: &Wanted, trace: Option<OutputFile>, plan: &'p Plan) -> Result<Profile<'p>, CliError> {
        let trace = trace.map(Trace::begin).transpose()?;
        let wanted = arguments.profile;
        let mut operations: BTreeMap<(u64, KernelId), Operation<'p>> = BTreeMap::new();
        if wanted || trace.is_some() {
            for (call, _) in plan.calls() {
                operations.entry((call.moment, call.kernel)).or_default().name = &call.origin;
            }
        }
        Ok(Profile { plan, wanted, trace, start: Instant::now(), operations })
    }

    /// The run begins now.
    pub(crate) fn begin(&mut self) {
        self.start = Instant::now();
    }

    /// Takes note of what happened.
    pub(crate) fn note(&mut self, event: Event<'_>) {
        let Event::Call { call, lengths, starts, began, took } = event else { return };
        let of = (call.moment, call.kernel);
        let Some(operation) = self.operations.get_mut(&of) else { return };
        let kernel = &self.plan.kernels[call.kernel];
        let (flops, bytes) = (kernel.flops(lengths, starts), kernel.bytes(lengths));
        operation.took += took;
        operation.calls += 1;
        operation.flops = operation.flops.saturating_add(flops);
        operation.bytes = operation.bytes.saturating_add(bytes);
        if let Some(trace) = &mut self.trace {
            let began = began.duration_since(self.start);
            trace.call(operation.name, &Traced { began, took, flops, bytes });
        }
    }

    /// What is to be said after a run that took so long; the trace takes its place.
    ///
    /// # Errors
    /// A trace that cannot be written.
    pub(crate) fn end(self, took: Duration) -> Result<String, CliError> {
        let text = if self.wanted { table(self.operations.values(), took) } else { String::new() };
        self.trace.map_or(Ok(()), Trace::finish)?;
        Ok(text)
    }
}

/// A line an operation, the longest first, and what passed between them.
fn table<'o>(operations: impl Iterator<Item = &'o Operation<'o>>, took: Duration) -> String {
    let mut operations: Vec<&Operation<'_>> = operations.filter(|o| o.calls > 0).collect();
    operations.sort_by_key(|o| std::cmp::Reverse(o.took));
    let mut text =
        format!("{:>9}  {:>5}  {:>7}  {:>7}  {:>6}  operation\n", "time", "share", "calls", "GFLOP/s", "GB/s");
    let whole = took.as_secs_f64().max(f64::MIN_POSITIVE);
    let share = |time: Duration| format!("{:.1} %", 100.0 * time.as_secs_f64() / whole);
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    for o in &operations {
        let rate = |amount: u64| amount as f64 / nanoseconds(o.took).max(1) as f64;
        let (time, share) = (seconds(nanoseconds(o.took)), share(o.took));
        let (flops, bytes) = (rate(o.flops), rate(o.bytes));
        let _ = writeln!(text, "{time:>9}  {share:>6} {:>7}  {flops:>7.1}  {bytes:>6.1}  {}", o.calls, o.name);
    }
    let inside: Duration = operations.iter().map(|o| o.took).sum();
    let rest = took.saturating_sub(inside);
    let _ = writeln!(text, "{:>9}  {:>6} between kernels", seconds(nanoseconds(rest)), share(rest));
    text
}
