//! What an Evoformer block is made of, each part a program of its own: a residual update.

use crease_core::lang::Model;

use super::flops;

/// The parts of a block, as the block calls them.
#[crease::model]
mod parts {
    use crease_models::evoformer::evoformer::{ColumnAttention, RowAttention, attend_columns, attend_rows};
    use crease_models::evoformer::pair::{OuterProductMean, outer_product_mean};
    use crease_models::triangle::triangle::{
        Transition, TriangleAttention, TriangleMultiplication, attend_ending, attend_starting, multiply_incoming,
        multiply_outgoing, transition,
    };

    /// Sequences of the alignment.
    type S = Axis;
    /// Residues.
    type R = Axis;
    /// Channels of the MSA representation.
    const C_M: usize = 256;
    /// Channels of the pair representation.
    const C_Z: usize = 128;
    /// Hidden channels of triangle multiplication.
    const C_HIDDEN_MUL: usize = 128;
    /// Channels of one head of triangle attention.
    const C_HIDDEN_PAIR: usize = 32;
    /// Heads of triangle attention.
    const HEADS_PAIR: usize = 4;
    /// Hidden width of a transition, in multiples of its width.
    const TRANSITION_N: usize = 4;

    pub fn row_attention(
        mut m: Tensor<S, R, C_M>,
        z: Tensor<R, R, C_Z>,
        msa_mask: Tensor<S, R>,
        w: RowAttention,
    ) -> Tensor<S, R, C_M> {
        m = m + attend_rows(m, z, msa_mask, w);
        m
    }

    pub fn column_attention(mut m: Tensor<S, R, C_M>, msa_mask: Tensor<S, R>, w: ColumnAttention) -> Tensor<S, R, C_M> {
        m = m + attend_columns(m, msa_mask, w);
        m
    }

    pub fn msa_transition(
        mut m: Tensor<S, R, C_M>,
        msa_mask: Tensor<S, R>,
        w: Transition<C_M, TRANSITION_N>,
    ) -> Tensor<S, R, C_M> {
        m = m + transition(m, msa_mask, false, w);
        m
    }

    pub fn outer_product(
        m: Tensor<S, R, C_M>,
        mut z: Tensor<R, R, C_Z>,
        msa_mask: Tensor<S, R>,
        w: OuterProductMean<C_M>,
    ) -> Tensor<R, R, C_Z> {
        z = z + outer_product_mean(m, msa_mask, w);
        z
    }

    pub fn outgoing(
        mut z: Tensor<R, R, C_Z>,
        pair_mask: Tensor<R, R>,
        w: TriangleMultiplication<C_Z, C_HIDDEN_MUL>,
    ) -> Tensor<R, R, C_Z> {
        z = z + squeeze(multiply_outgoing(unsqueeze(z, 0), pair_mask, w), 0);
        z
    }

    pub fn incoming(
        mut z: Tensor<R, R, C_Z>,
        pair_mask: Tensor<R, R>,
        w: TriangleMultiplication<C_Z, C_HIDDEN_MUL>,
    ) -> Tensor<R, R, C_Z> {
        z = z + squeeze(multiply_incoming(unsqueeze(z, 0), pair_mask, w), 0);
        z
    }

    pub fn starting(
        mut z: Tensor<R, R, C_Z>,
        pair_mask: Tensor<R, R>,
        w: TriangleAttention<C_Z, HEADS_PAIR, C_HIDDEN_PAIR>,
    ) -> Tensor<R, R, C_Z> {
        z = z + squeeze(attend_starting(unsqueeze(z, 0), pair_mask, w), 0);
        z
    }

    pub fn ending(
        mut z: Tensor<R, R, C_Z>,
        pair_mask: Tensor<R, R>,
        w: TriangleAttention<C_Z, HEADS_PAIR, C_HIDDEN_PAIR>,
    ) -> Tensor<R, R, C_Z> {
        z = z + squeeze(attend_ending(unsqueeze(z, 0), pair_mask, w), 0);
        z
    }

    pub fn pair_transition(
        mut z: Tensor<R, R, C_Z>,
        pair_mask: Tensor<R, R>,
        w: Transition<C_Z, TRANSITION_N>,
    ) -> Tensor<R, R, C_Z> {
        z = z + transition(z, pair_mask, false, w);
        z
    }
}

/// Triangle multiplication of outgoing and of incoming edges, for other widths too.
pub(super) const TRIANGLES: [fn() -> Model; 2] = [parts::outgoing, parts::incoming];

/// A program that is measured.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) model: fn() -> Model,
    /// Useful floating-point operations at so many sequences and residues.
    pub(super) flops: fn(u64, u64) -> u64,
}

/// The block.
pub(super) const BLOCK: Part =
    Part { name: "block", model: crease_models::evoformer::evoformer::evoformer_block, flops: flops::block };

/// Everything measured: the block, then its parts in order.
pub(super) const PARTS: [Part; 10] = [
    BLOCK,
    Part { name: "row attention", model: parts::row_attention, flops: flops::row_attention },
    Part { name: "column attention", model: parts::column_attention, flops: flops::column_attention },
    Part { name: "MSA transition", model: parts::msa_transition, flops: flops::msa_transition },
    Part { name: "outer product mean", model: parts::outer_product, flops: flops::outer_product_mean },
    Part { name: "triangle outgoing", model: parts::outgoing, flops: flops::triangle_multiplication },
    Part { name: "triangle incoming", model: parts::incoming, flops: flops::triangle_multiplication },
    Part { name: "triangle starting", model: parts::starting, flops: flops::triangle_attention },
    Part { name: "triangle ending", model: parts::ending, flops: flops::triangle_attention },
    Part { name: "pair transition", model: parts::pair_transition, flops: flops::pair_transition },
];
