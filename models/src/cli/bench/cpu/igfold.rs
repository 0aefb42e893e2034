//! Work of the size that IgFold does for an antibody: 230 residues, 64 channels.

use crease_core::lang::Settings;
use crease_core::plan::Target;
use crease_runtime::Cpu;

use super::super::block::Program;
use super::super::report::Report;
use super::ceiling::Ceiling;
use super::measure::{At, Figure, Given, Session};
use super::parts::Part;
use super::programs::Plans;
use super::{table, told};
use crate::cli::error::CliError;

/// The parts, as programs of their own.
#[crease::model]
mod work {
    use crate::attention::attention::{Attention, attend};
    use crate::triangle::triangle::{TriangleMultiplication, multiply_incoming, multiply_outgoing};

    /// Residues.
    type R = Axis;
    /// Channels of nodes and of edges.
    const C: usize = 64;
    /// Hidden channels of triangle multiplication.
    const C_HIDDEN_MUL: usize = 128;
    /// Heads of node attention, and channels of one.
    const HEADS: usize = 8;
    const D: usize = 32;

    pub fn outgoing(
        mut z: Tensor<R, R, C>,
        pair_mask: Tensor<R, R>,
        w: TriangleMultiplication<C, C_HIDDEN_MUL>,
    ) -> Tensor<R, R, C> {
        z = z + squeeze(multiply_outgoing(unsqueeze(z, 0), pair_mask, w), 0);
        z
    }

    pub fn incoming(
        mut z: Tensor<R, R, C>,
        pair_mask: Tensor<R, R>,
        w: TriangleMultiplication<C, C_HIDDEN_MUL>,
    ) -> Tensor<R, R, C> {
        z = z + squeeze(multiply_incoming(unsqueeze(z, 0), pair_mask, w), 0);
        z
    }

    /// Attention of nodes, biased by their edges.
    pub struct NodeAttention {
        layer_norm: LayerNorm<C>,
        layer_norm_z: LayerNorm<C>,
        linear_z: LinearNoBias<C, HEADS>,
        mha: Attention<C, HEADS, D>,
    }

    pub fn node_attention(
        mut x: Tensor<R, C>,
        z: Tensor<R, R, C>,
        node_mask: Tensor<R>,
        w: NodeAttention,
    ) -> Tensor<R, C> {
        let bias = rearrange("i j h -> 1 h i j", linear(layer_norm(z, w.layer_norm_z), w.linear_z));
        let nodes = rearrange("r c -> 1 1 r c", layer_norm(x, w.layer_norm));
        x = x + rearrange("1 1 r c -> r c", attend(nodes, unsqueeze(node_mask, 0), Some(bias), w.mha));
        x
    }
}

const R: u64 = 230;
const C: u64 = 64;
const C_HIDDEN_MUL: u64 = 128;
const HEADS: u64 = 8;
const D: u64 = 32;

/// Five projections to and one from the hidden channels or the edges', and a product for each hidden channel.
fn triangle(_: u64, r: u64) -> u64 {
    2 * r * r * C * (5 * C_HIDDEN_MUL + C) + 2 * r * r * r * C_HIDDEN_MUL
}

/// The bias of every edge, five projections, and two products of all pairs.
fn nodes(_: u64, r: u64) -> u64 {
    2 * r * r * C * HEADS + 10 * r * C * HEADS * D + 4 * r * r * HEADS * D
}

/// Each part.
const PARTS: [Part; 3] = [
    Part { name: "triangle outgoing", model: work::outgoing, flops: triangle },
    Part { name: "triangle incoming", model: work::incoming, flops: triangle },
    Part { name: "node attention", model: work::node_attention, flops: nodes },
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
    for Part { name, model, flops } in PARTS {
        report.doing(format!("{name} at {at}"));
        let program = Program::of(&model(), &Settings::new(), &[("R", R)])?;
        let plans = Plans::of(&program, target, None)?;
        let given = Given::of(&plans.made[0].1);
        let session = Session { cpu, given: &given, at: &at, runs };
        let found = session.measure((name, flops(1, R)), &plans, &mut [])?;
        told(report, name, &plans, &found, runs, ceiling)?;
        figures.extend(found.figures);
    }
    Ok(figures)
}
