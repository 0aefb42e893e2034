//! Work of the size that IgFold does for an antibody: 230 residues, 64 channels.

use crease_cli::terminal::CliError;
use crease_core::lang::Settings;
use crease_core::plan::Target;
use crease_runtime::Cpu;

use super::figures::{table, told::told};
use super::measure::{Figure, Given, Session};
use super::parts::{Part, TRIANGLES};
use super::programs::Plans;
use crate::block::Program;
use crate::machine::ceiling::Ceiling;
use crate::report::Report;
use crate::times::At;

const R: u64 = 230;
const C: u64 = 64;
const C_HIDDEN_MUL: u64 = 128;
/// What the Evoformer's triangle multiplication is given.
const WIDTHS: [(&str, u64); 2] = [("C_Z", C), ("C_HIDDEN_MUL", C_HIDDEN_MUL)];
/// Channels of all heads of node attention.
const C_HEADS: u64 = 256;

/// Five projections to and one from the hidden channels or the edges', and a product for each hidden channel.
fn triangle(_: u64, r: u64) -> u64 {
    2 * r * r * C * (5 * C_HIDDEN_MUL + C) + 2 * r * r * r * C_HIDDEN_MUL
}

/// Projections of nodes and of every edge, and two products each with nodes and with edges.
fn nodes(_: u64, r: u64) -> u64 {
    2 * r * C * 4 * C_HEADS + 2 * r * r * C * C_HEADS + 8 * r * r * C_HEADS
}

/// Each part: triangle multiplication is the Evoformer's at these widths, node attention IgFold's own.
const PARTS: [(Part, &[(&str, u64)]); 3] = [
    (Part { name: "triangle outgoing", model: TRIANGLES[0], flops: triangle }, &WIDTHS),
    (Part { name: "triangle incoming", model: TRIANGLES[1], flops: triangle }, &WIDTHS),
    (Part { name: "node attention", model: crease_models::igfold::igfold::attend_nodes, flops: nodes }, &[]),
];

/// Every part.
pub(super) fn measure(
    report: &mut Report,
    runs: usize,
    (cpu, target): (&Cpu, &Target),
    ceiling: &Ceiling,
) -> Result<Vec<Figure>, CliError> {
    let at = At(vec![("r", R), ("c", C)]);
    table::head(report, &at)?;
    let mut figures = Vec::new();
    for (Part { name, model, flops }, widths) in PARTS {
        let settings = widths.iter().fold(Settings::new(), |settings, (name, width)| settings.with(*name, *width));
        report.doing(format!("{name} at {at}"));
        let program = Program::of(&model(), &settings, &[("R", R)])?;
        let plans = Plans::of(&program, target, None)?;
        let given = Given::of(&plans.made[0].1);
        let session = Session { cpu, given: &given, at: &at, runs };
        let found = session.measure((name, flops(1, R)), &plans, &mut [])?;
        told(report, name, &plans, &found, runs, ceiling)?;
        figures.extend(found.figures);
    }
    Ok(figures)
}
