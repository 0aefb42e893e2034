//! Figures as lines while they come, and as a page in the end.

use std::fmt::Write;

use crease_cli::terminal::seconds;
use crease_core::units::format_bytes;
use serde_json::{Value, json};

use crate::cpu::measure::Figure;
use crate::machine::ceiling::Ceiling;
use crate::report::Report;
use crate::times::At;

const HEADS: [&str; 11] =
    ["part", "plan", "median", "min", "GFLOP/s", "of ceiling", "moved", "GB/s", "planned", "measured", "predicted"];

/// Widths of the columns on a terminal.
const WIDTHS: [usize; 11] = [20, 12, 9, 9, 8, 10, 11, 6, 11, 11, 9];

/// A figure's cells: times, useful speed, bytes moved and their speed, peaks above weights and inputs, and the
/// predicted time as a multiple of the median.
fn cells(figure: &Figure, ceiling: &Ceiling) -> [String; 11] {
    let time = |seconds_: f64| seconds((seconds_ * 1e9) as u64);
    let median = figure.times.median();
    [
        figure.part.to_string(),
        figure.kind.name(),
        time(median),
        time(figure.times.min()),
        format!("{:.1}", figure.gflops()),
        format!("{:.1} %", 100.0 * figure.gflops() / ceiling.gflops()),
        format_bytes(figure.moved),
        format!("{:.1}", figure.moved as f64 / median / 1e9),
        format_bytes(figure.planned),
        figure.resident.map_or("-".into(), format_bytes),
        format!("{:.2}", figure.predicted / median),
    ]
}

fn aligned(cells: &[String; 11]) -> String {
    let mut line = String::new();
    for (k, (cell, width)) in cells.iter().zip(WIDTHS).enumerate() {
        let gap = if k == 0 { "" } else { "  " };
        let _ = match k < 2 {
            true => write!(line, "{gap}{cell:<width$}"),
            false => write!(line, "{gap}{cell:>width$}"),
        };
    }
    line
}

/// What the columns are, above a size's figures.
pub(crate) fn head(report: &mut Report, at: &At) -> Result<(), crease_cli::terminal::CliError> {
    let heads = HEADS.map(|head| if head == "part" { at.to_string() } else { head.to_string() });
    report.line("time", &aligned(&heads), None, at.with(json!({})))
}

/// A figure's line.
pub(crate) fn line(
    report: &mut Report,
    figure: &Figure,
    ceiling: &Ceiling,
) -> Result<(), crease_cli::terminal::CliError> {
    let text = aligned(&cells(figure, ceiling));
    report.line("time", &text, None, data(figure, ceiling))
}

fn data(figure: &Figure, ceiling: &Ceiling) -> Value {
    figure.at.with(json!({
        "part": figure.part, "plan": figure.kind.name(),
        "median": figure.times.median(), "min": figure.times.min(), "runs": figure.times.runs(),
        "flops": figure.flops, "gflops": figure.gflops(), "share": figure.gflops() / ceiling.gflops(),
        "moved": figure.moved, "planned": figure.planned, "measured": figure.resident,
        "predicted": figure.predicted,
    }))
}

/// The page: the machine, its ceiling, what is promised, and a table a size.
pub(crate) fn page(report: &Report, machine: &[(&str, String)], ceiling: &Ceiling, figures: &[Figure]) -> String {
    let mut page =
        "# The Evoformer block, and others, on a CPU\n\nMade by `crease bench cpu`. Useful operations are two a \
        multiply-add of the products that the formulas ask for; peaks are above weights and inputs; bytes moved are \
        those of all kernel calls' operands and results. ![Roofline](roofline.svg)\n\n| machine | |\n| --- | --- |\n"
            .to_string();
    let mut row = |cells: &[String]| {
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    };
    for (name, value) in machine {
        row(&[(*name).to_string(), value.clone()]);
    }
    for (whose, gflops) in &ceiling.products {
        row(&[format!("product, {whose}"), format!("{gflops:.1} GFLOP/s")]);
    }
    row(&["copy".into(), format!("{:.1} GB/s", ceiling.bandwidth)]);
    page += "\n## Promises and peers\n\n| promise | |\n| --- | --- |\n";
    for (text, kept) in report.promises() {
        let _ = writeln!(page, "| {text} | {} |", if kept { "pass" } else { "miss" });
    }
    page += "\n";
    for text in report.texts("peer") {
        let _ = writeln!(page, "- {text}");
    }
    let mut at = None;
    for figure in figures {
        if at != Some(&figure.at) {
            at = Some(&figure.at);
            let (heads, rules) = (HEADS.join(" | "), " --- |".repeat(HEADS.len()));
            let _ = writeln!(page, "\n## {}\n\n| {heads} |\n|{rules}", figure.at);
        }
        let _ = writeln!(page, "| {} |", cells(figure, ceiling).join(" | "));
    }
    page
}
