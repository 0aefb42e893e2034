//! Better than rivals: at every budget that a rival meets, not slower, and a smaller smallest peak.

use crease_cli::terminal::CliError;
use crease_core::plan::baselines::{Region, Stop, autochunk, fixed, naive};
use crease_core::plan::{Plan, Target};
use crease_core::units::format_bytes;
use serde_json::json;

use super::scope::Scope;
use crate::baseline::rival;
use crate::block::{Block, Blocks, Program, Size};
use crate::report::Report;

/// Budgets of AutoChunk, in thousandths of the peak with nothing chunked; each a step until one is not kept.
const BUDGETS: [u64; 10] = [900, 750, 600, 450, 330, 250, 180, 120, 80, 50];

/// The parts of a block that its published implementations chunk: first operation, last one and axis.
const ATTENTION: [(&str, &str, usize); 6] = [
    ("msa_att_row", "m", 0),
    ("msa_att_col", "m", 1),
    ("msa_transition", "m", 0),
    ("pair_stack.tri_att_start", "pair_stack.z", 0),
    ("pair_stack.tri_att_end", "pair_stack.z", 1),
    ("pair_stack.pair_transition", "z", 0),
];
const OUTER_PRODUCT: (&str, &str, usize) = ("outer_product_mean.outer", "z", 0);

/// A policy of so many rows for everything, and of so many for the outer product mean.
fn policy(rows: u64, outer: u64) -> Vec<Region> {
    let region = |&(first, last, axis): &(&str, &str, usize), chunk| {
        let (first, last) = (first.to_string(), last.to_string());
        Region { first, last, axis, chunk }
    };
    ATTENTION.iter().map(|part| region(part, rows)).chain([region(&OUTER_PRODUCT, outer)]).collect()
}

pub(super) fn rivals(report: &mut Report, scope: &Scope, blocks: &mut Blocks) -> Result<(), CliError> {
    for &size in scope.large() {
        let block = blocks.at(size)?;
        let policies = [
            ("OpenFold chunk_size=4", policy(4, 4)),
            ("OpenFold chunk_size=64", policy(64, 64)),
            ("AlphaFold subbatch 4, 128", policy(4, 128)),
        ];
        for (name, regions) in policies {
            report.doing(format!("{name} at s={} r={}", size.0, size.1));
            let Program { graph, sizes } = &block.program;
            let plan = rival(fixed(graph, sizes, &blocks.target, &regions))?;
            compare(report, size, &block, name, &[plan], "")?;
        }
        published(report, size, &block, &blocks.target)?;
    }
    Ok(())
}

/// AutoChunk at budgets from large to small, and going for the least memory.
fn published(report: &mut Report, size: Size, block: &Block, target: &Target) -> Result<(), CliError> {
    let Program { graph, sizes } = &block.program;
    let whole = rival(naive(graph, sizes, target))?.memory.arena;
    let (mut plans, mut lost) = (Vec::new(), Vec::new());
    for thousandths in BUDGETS {
        report.doing(format!("AutoChunk at {} % of its peak at s={} r={}", thousandths / 10, size.0, size.1));
        let arena = whole / 1000 * thousandths;
        let found = rival(autochunk(graph, sizes, target, Some(block.weights + arena)))?;
        if found.plan.memory.arena > arena {
            lost.push(match found.stop {
                Stop::NoRegion => "no region left".to_string(),
                Stop::Overshot { chunk } => format!("chose chunk {chunk}, too large"),
                Stop::Met => "gaps between buffers".to_string(),
            });
        }
        // A plan over its budget is one all the same, for whoever has the memory.
        plans.push(found.plan);
    }
    report.doing(format!("AutoChunk for the least memory at s={} r={}", size.0, size.1));
    plans.push(rival(autochunk(graph, sizes, target, None))?.plan);
    let kept = BUDGETS.len() - lost.len();
    lost.dedup();
    let more = format!("; it keeps {kept} of its {} budgets ({})", BUDGETS.len(), lost.join(", "));
    compare(report, size, block, "AutoChunk", &plans, &more)
}

/// A rival's plans against Crease's at the same peaks.
fn compare(
    report: &mut Report,
    (s, r): Size,
    block: &Block,
    name: &str,
    plans: &[Plan],
    more: &str,
) -> Result<(), CliError> {
    let least = plans.iter().map(|p| p.memory.arena).min().unwrap_or(u64::MAX);
    let (mut passed, mut ratios, mut points) = (block.least < least, Vec::new(), Vec::new());
    for plan in plans {
        // From its own peak up.
        for hundredths in [100, 125, 150, 200, 400] {
            let peak = plan.memory.arena / 100 * hundredths + plan.memory.arena % 100;
            let own = block.within(peak).ok();
            passed &= own.as_ref().is_some_and(|own| own.time <= plan.time);
            let time = own.map(|own| own.time);
            ratios.extend(time.map(|time| plan.time as f64 / time as f64));
            points.push(json!({ "peak": peak, "rival": plan.time, "crease": time }));
        }
    }
    let (low, high) =
        (ratios.iter().copied().fold(f64::INFINITY, f64::min), ratios.iter().copied().fold(0.0, f64::max));
    let text = format!(
        "s={s} r={r} {name}: {low:.2} to {high:.2} x Crease's time over {} budgets; its smallest peak {} = {:.2} x Crease's {}{more}",
        points.len(),
        format_bytes(least),
        least as f64 / block.least as f64,
        format_bytes(block.least),
    );
    let data = json!({
        "s": s, "r": r, "rival": name, "smallest": least, "crease_smallest": block.least, "points": points,
        "ended": more,
    });
    report.line("rivals", &text, Some(passed), data)
}
