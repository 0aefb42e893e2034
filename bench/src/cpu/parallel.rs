//! More of the same: more threads, more blocks.

use std::num::NonZeroUsize;

use crease_cli::machine;
use crease_cli::terminal::CliError;
use crease_core::lang::{Options, Settings};
use crease_core::plan::{Checked, Plan, Planner, Target};
use crease_core::units::format_bytes;
use crease_models::checkpoint::random_weights;
use crease_models::evoformer::evoformer::{evoformer_block, evoformer_stack};
use crease_runtime::{Checks, Cpu, Event, Executable, Weights, resident_bytes};
use serde_json::json;

use super::measure::{Given, timed};
use crate::block::{Program, Size};
use crate::machine::quiet::{Since, undisturbed};
use crate::report::Report;
use crate::times::Times;

/// Where a figure is promised.
pub(super) const AT: Size = (128, 256);
/// Two threads are so many times as fast as one.
const TWO: f64 = 1.75;
/// A block of a stack takes so much more or less than one alone, as a part.
const STACKED: f64 = 0.05;
/// Bytes by which the resident set may differ from one block to another: the system counts in pages.
const GROWTH: u64 = 1 << 20;
/// Threads that one plan runs on with the same bits.
const BITS: [usize; 4] = [1, 2, 3, 7];

/// The block's program at a size, for those who plan it.
fn block(size: Size, target: &Target) -> Result<Planner, CliError> {
    let Program { graph, sizes } = Program::new(&evoformer_block(), size)?;
    Ok(Planner::new(&graph, &sizes, target)?.holding_weights())
}

/// One thread and all in turns, each with its own plan; gives the times of all.
pub(super) fn threads(
    report: &mut Report,
    cpu: &Cpu,
    given: &Given,
    size: Size,
    runs: usize,
) -> Result<Times, CliError> {
    report.doing("one thread against two");
    let since = Since::now(&[]);
    let one = machine(NonZeroUsize::new(1))?;
    let plans = [block(size, &one.target())?.plan(None)?.check()?, block(size, &cpu.target())?.plan(None)?.check()?];
    let weights = random_weights(&plans[0], 0);
    let mut executables = Vec::new();
    for (plan, cpu) in plans.iter().zip([&one, cpu]) {
        let mut executable = Executable::new(plan, &weights, cpu, Checks::default())?;
        timed(&mut executable, given)?;
        executables.push((executable, Times::default()));
    }
    for _ in 0..runs {
        for (executable, times) in &mut executables {
            times.add(timed(executable, given)?);
        }
    }
    let times: Vec<Times> = executables.into_iter().map(|(_, times)| times).collect();
    let (alone, all) = (times[0].median(), times[1].median());
    let text = format!(
        "s={} r={}: {} threads take {all:.3} s, one takes {alone:.3} s = {:.2} x, promised {TWO}",
        size.0,
        size.1,
        cpu.threads(),
        alone / all
    );
    let data = json!({ "s": size.0, "r": size.1, "one": alone, "all": all, "threads": cpu.threads() });
    let counts = undisturbed(report, "threads", since.as_ref())? && size == AT;
    report.line("threads", &text, counts.then_some(alone / all >= TWO), data)?;
    Ok(times.into_iter().next_back().unwrap_or_default())
}

/// A stack against as many times one block, and whether it holds more at its end than after its first block.
pub(super) fn stack(
    report: &mut Report,
    cpu: &Cpu,
    given: &Given,
    size: Size,
    blocks: u64,
    one: &Times,
) -> Result<(), CliError> {
    report.doing(format!("{blocks} blocks"));
    let since = Since::now(&[]);
    let mut settings = Settings::new();
    settings.set("BLOCKS", blocks);
    let elaborated = evoformer_stack().elaborate(&settings, &Options::default())?;
    let mut sizes = elaborated.sizes;
    sizes.extend([("S".to_string(), size.0), ("R".to_string(), size.1)]);
    let plan = Planner::new(&elaborated.graph, &sizes, &cpu.target())?.holding_weights().plan(None)?.check()?;
    let weights = random_weights(&plan, 0);
    let mut executable = Executable::new(&plan, &weights, cpu, Checks::default())?;
    given.fill(&mut executable)?;
    let (mut first, mut last) = (None, None);
    let start = std::time::Instant::now();
    executable.run_with(&mut |event| {
        if let Event::Layer(progress) = event {
            last = resident_bytes();
            if progress.layers_done == 1 {
                first = last;
            }
        }
    })?;
    let (taken, alone) = (start.elapsed().as_secs_f64(), one.median());
    let times = taken / (blocks as f64 * alone);
    let grown = first.zip(last).map(|(first, last)| last.saturating_sub(first));
    let text = format!(
        "s={} r={}: {blocks} blocks take {taken:.2} s = {times:.3} x as many times one block, promised {:.2} to {:.2}; the resident set grows by {} after the first",
        size.0,
        size.1,
        1.0 - STACKED,
        1.0 + STACKED,
        grown.map_or("what this system does not tell".into(), format_bytes),
    );
    let passed = (times - 1.0).abs() <= STACKED && grown.is_none_or(|bytes| bytes <= GROWTH);
    let data = json!({ "s": size.0, "r": size.1, "blocks": blocks, "seconds": taken, "times": times, "grown": grown });
    let counts = undisturbed(report, "stack", since.as_ref())? && size == AT;
    report.line("stack", &text, counts.then_some(passed), data)
}

/// One plan on several numbers of threads.
pub(super) fn bits(report: &mut Report, given: &Given, size: Size) -> Result<(), CliError> {
    report.doing("the same bits");
    let most = machine(NonZeroUsize::new(BITS[BITS.len() - 1]))?;
    let planner = block(size, &most.target())?;
    let (fastest, least) = (planner.plan(None)?.check()?, planner.leanest().clone().check()?);
    let middle = planner.plan(Some(u64::midpoint(least.memory.total(), fastest.memory.total())))?.check()?;
    let weights = random_weights(&fastest, 0);
    let mut differ = Vec::new();
    for (name, plan) in [("fastest", &fastest), ("middle", &middle), ("smallest", &least)] {
        let mut expected = None;
        for threads in BITS {
            let found = outputs(plan, &weights, given, &machine(NonZeroUsize::new(threads))?)?;
            if *expected.get_or_insert_with(|| found.clone()) != found {
                differ.push(format!("the {name} plan on {threads} threads"));
            }
        }
    }
    let list = BITS.map(|threads| threads.to_string()).join(", ");
    let mut text = format!("s={} r={}: three plans on {list} threads give the same bits", size.0, size.1);
    if !differ.is_empty() {
        text += &format!(", but for {}", differ.join(", "));
    }
    report.line("bits", &text, Some(differ.is_empty()), json!({ "s": size.0, "r": size.1, "differ": differ }))
}

/// The bits of all outputs.
fn outputs(plan: &Checked<Plan>, weights: &Weights, given: &Given, cpu: &Cpu) -> Result<Vec<u32>, CliError> {
    let mut executable = Executable::new(plan, weights, cpu, Checks::default())?;
    timed(&mut executable, given)?;
    let mut bits = Vec::new();
    for port in &plan.outputs {
        bits.extend(executable.output(&port.name)?.iter().map(|x| x.to_bits()));
    }
    Ok(bits)
}
