//! Cheap: how much time little memory costs.

use crease_cli::terminal::{CliError, seconds};
use crease_core::plan::baselines::{naive, naive_time};
use crease_core::units::format_bytes;
use serde_json::json;

use super::scope::Scope;
use crate::baseline::rival;
use crate::block::{Block, Blocks, Program, Size};
use crate::report::Report;

/// Thousandths of the way from the smallest peak to the fastest plan's, and the most time in hundredths.
const PROMISED: [(u64, u64); 3] = [(100, 125), (250, 110), (500, 103)];
/// The most time, in hundredths, at 1.8 times m and z.
const AT_STATE: u64 = 115;

pub(super) fn cheap(report: &mut Report, scope: &Scope, blocks: &mut Blocks) -> Result<(), CliError> {
    for &size in scope.large() {
        report.doing(format!("time at s={} r={}", size.0, size.1));
        let block = blocks.at(size)?;
        for (thousandths, most) in PROMISED {
            let what = format!("F + {:.2} x (U - F)", thousandths as f64 / 1000.0);
            ratio(report, size, &block, &what, block.between(thousandths), most)?;
        }
        ratio(report, size, &block, "1.8 x (m + z)", block.state * 18 / 10, AT_STATE)?;
        against_naive(report, size, &block, blocks)?;
    }
    Ok(())
}

/// The time within a peak against the fastest plan's.
fn ratio(report: &mut Report, (s, r): Size, block: &Block, what: &str, peak: u64, most: u64) -> Result<(), CliError> {
    let fastest = block.fastest.time;
    let promised = most as f64 / 100.0;
    let at = format!("s={s} r={r} at {what} = {}", format_bytes(peak));
    let (text, passed, time) = match block.within(peak) {
        Ok(plan) => {
            let times = plan.time as f64 / fastest as f64;
            let text = format!("{at}: {times:.3} x the fastest plan's time, promised {promised:.2}");
            (text, u128::from(plan.time) * 100 <= u128::from(fastest) * u128::from(most), Some(plan.time))
        }
        Err(error) => (format!("{at}: {error}"), false, None),
    };
    let data = json!({
        "s": s, "r": r, "at": what, "peak": peak, "nanoseconds": time, "fastest": fastest, "promised": promised,
    });
    report.line("cheap", &text, Some(passed), data)
}

/// At a fifth of the naive program's peak: not slower than that program as written. How far from its
/// fused operations, each whole, which need another peak, is told beside it.
fn against_naive(report: &mut Report, (s, r): Size, block: &Block, blocks: &Blocks) -> Result<(), CliError> {
    let Program { graph, sizes } = &block.program;
    let written = rival(naive_time(graph, sizes, &blocks.target))?;
    let fused = rival(naive(graph, sizes, &blocks.target))?.time;
    let peak = block.naive / 5;
    let at = format!("s={s} r={r} at 20 % of the naive peak = {}", format_bytes(peak));
    let made = block.within(peak);
    for (what, whole) in [("as written", written), ("of the fused operations", fused)] {
        let (text, passed, time) = match &made {
            Ok(plan) => {
                let times = plan.time as f64 / whole as f64;
                let (own, other) = (seconds(plan.time), seconds(whole));
                let text = format!("{at}: {own} = {times:.3} x the naive program {what}, each one whole ({other})");
                (text, plan.time <= whole, Some(plan.time))
            }
            Err(error) => (format!("{at}: {error}"), false, None),
        };
        let data = json!({ "s": s, "r": r, "peak": peak, "nanoseconds": time, "program": what, "naive": whole });
        report.line("cheap", &text, (what == "as written").then_some(passed), data)?;
    }
    Ok(())
}
