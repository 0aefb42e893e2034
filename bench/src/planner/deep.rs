//! Deep: how small the block's state peak gets.

use crease_cli::terminal::CliError;
use crease_core::units::format_bytes;
use serde_json::json;

use crate::block::Blocks;
use crate::report::Report;

/// Where it is promised.
const SIZE: (u64, u64) = (512, 2048);
/// Of m and z together, in tenths.
const PROMISED: u64 = 18;

pub(super) fn deep(report: &mut Report, blocks: &mut Blocks) -> Result<(), CliError> {
    report.doing("the smallest plan of the largest block");
    let block = blocks.at(SIZE)?;
    let bound = block.planner.lower_bound() - block.weights;
    let text = format!(
        "s={} r={}: smallest state peak {} = {:.3} x (m + z), promised 1.8; lower bound {}, naive {}, fastest {}",
        SIZE.0,
        SIZE.1,
        format_bytes(block.least),
        block.least as f64 / block.state as f64,
        format_bytes(bound),
        format_bytes(block.naive),
        format_bytes(block.fastest.memory.arena),
    );
    let data = json!({
        "s": SIZE.0, "r": SIZE.1, "smallest": block.least, "state": block.state, "lower_bound": bound,
        "naive": block.naive, "fastest": block.fastest.memory.arena,
    });
    report.line("deep", &text, Some(block.least * 10 <= block.state * PROMISED), data)
}
