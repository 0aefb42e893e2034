//! The cost model with the measured figures, held against programs that no figure was taken from.

use crease_core::ir::{Graph, Sizes};
use crease_core::plan::{Planner, Table, Target};

use super::bench::Bench;
use super::programs::{attention, normalize, product, products};
use crate::terminal::CliError;

/// How many programs are timed.
pub(super) const STEPS: u64 = 8;

/// A program's time and what the tables say of it, in nanoseconds.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) measured: u64,
    pub(super) predicted: u64,
    pub(super) shipped: u64,
}

/// Times products that are short or narrow, attentions and rows.
pub(super) fn measure(shipped: &Table, table: &Table, one: &Bench<'_>) -> Result<Vec<Check>, CliError> {
    let programs: [(&'static str, Graph, bool); STEPS as usize] = [
        ("product 2048×128×128", product(2048, 128, 128), false),
        ("product 2048×128×32", product(2048, 128, 32), false),
        ("product 2048×8×128", product(2048, 8, 128), false),
        ("64 products 256×256×8", products(64, 256, 8), false),
        ("64 products 256×256×1 added to", products(64, 256, 1), true),
        ("attention 16×128×128×8", attention([16, 128, 128, 8], false), false),
        ("attention 16×128×128×32 with a term", attention([16, 128, 128, 32], true), false),
        ("layer norm 1024×128", normalize(1024, 128), false),
    ];
    let mut checks = Vec::new();
    for (name, graph, adds) in programs {
        let time = if adds { one.time_adding(&graph)? } else { one.time(&graph)? };
        let by = |table: &Table| -> Result<u64, CliError> {
            Ok(Planner::new(&graph, &Sizes::new(), &Target::new(table, 1))?.plan(None)?.time)
        };
        checks.push(Check { name, measured: time as u64, predicted: by(table)?, shipped: by(shipped)? });
    }
    Ok(checks)
}
