//! The Evoformer: block and stack, the extra MSA stack, and what they share.

/// The pair half of a block, and the outer product mean that feeds it.
#[crease::model]
pub mod pair {
    use crate::triangle::triangle::{
        Transition, TriangleAttention, TriangleMultiplication, attend_ending, attend_starting, multiply_incoming,
        multiply_outgoing, transition,
    };

    /// Sequences of the alignment.
    type S = Axis;
    /// Residues.
    type R = Axis;
    /// Channels of the pair representation.
    const C_Z: usize = 128;
    /// Hidden channels of the outer product mean, for each side.
    const C_HIDDEN_OPM: usize = 32;
    /// Hidden channels of triangle multiplication.
    const C_HIDDEN_MUL: usize = 128;
    /// Channels of one head of triangle attention.
    const C_HIDDEN_PAIR: usize = 32;
    /// Heads of triangle attention.
    const HEADS_PAIR: usize = 4;
    /// Hidden width of a transition, in multiples of its width.
    const TRANSITION_N: usize = 4;
    /// Mask the transitions (the released models do not).
    const MASK_TRANSITIONS: bool = false;

    /// Projections of the outer product mean.
    pub struct OuterProductMean<const C: usize> {
        layer_norm: LayerNorm<C>,
        linear_1: Linear<C, C_HIDDEN_OPM>,
        linear_2: Linear<C, C_HIDDEN_OPM>,
        linear_out: Linear<{ C_HIDDEN_OPM * C_HIDDEN_OPM }, C_Z>,
    }

    /// The pair update from the alignment (supplement, algorithm 10). The bias is divided too.
    pub fn outer_product_mean<const C: usize>(
        m: Tensor<S, R, C>,
        mask: Tensor<S, R>,
        w: OuterProductMean<C>,
    ) -> Tensor<R, R, C_Z> {
        let x = layer_norm(m, w.layer_norm);
        let a = linear(x, w.linear_1) * mask;
        let b = linear(x, w.linear_2) * mask;
        let outer = einsum("tic,tjd->ijcd", a, b);
        let weight = rearrange("z (c d) -> z c d", w.linear_out.weight, c = C_HIDDEN_OPM, d = C_HIDDEN_OPM);
        let sum = einsum("ijcd,zcd->ijz", outer, weight) + w.linear_out.bias;
        sum / (einsum("ti,tj->ij", mask, mask) + 0.001)
    }

    /// The pair half of a block.
    pub struct PairStack {
        tri_mul_out: TriangleMultiplication<C_Z, C_HIDDEN_MUL>,
        tri_mul_in: TriangleMultiplication<C_Z, C_HIDDEN_MUL>,
        tri_att_start: TriangleAttention<C_Z, HEADS_PAIR, C_HIDDEN_PAIR>,
        tri_att_end: TriangleAttention<C_Z, HEADS_PAIR, C_HIDDEN_PAIR>,
        pair_transition: Transition<C_Z, TRANSITION_N>,
    }

    /// Five residual updates of z.
    pub fn pair_stack(mut z: Tensor<R, R, C_Z>, mask: Tensor<R, R>, w: PairStack) -> Tensor<R, R, C_Z> {
        let update = squeeze(multiply_outgoing(unsqueeze(z, 0), mask, w.tri_mul_out), 0);
        record("tri_mul_out.update", update);
        z = z + update;
        record("tri_mul_out.z", z);
        let update = squeeze(multiply_incoming(unsqueeze(z, 0), mask, w.tri_mul_in), 0);
        record("tri_mul_in.update", update);
        z = z + update;
        record("tri_mul_in.z", z);
        let update = squeeze(attend_starting(unsqueeze(z, 0), mask, w.tri_att_start), 0);
        record("tri_att_start.update", update);
        z = z + update;
        record("tri_att_start.z", z);
        let update = squeeze(attend_ending(unsqueeze(z, 0), mask, w.tri_att_end), 0);
        record("tri_att_end.update", update);
        z = z + update;
        record("tri_att_end.z", z);
        let update = transition(z, mask, MASK_TRANSITIONS, w.pair_transition);
        record("pair_transition.update", update);
        z = z + update;
        record("pair_transition.z", z);
        z
    }
}

/// The Evoformer (Jumper et al. 2021, supplement, algorithm 6).
#[crease::model]
pub mod evoformer {
    use super::pair::{OuterProductMean, PairStack, outer_product_mean, pair_stack};
    use crate::attention::attention::{Attention, attend};
    use crate::triangle::triangle::{Transition, transition};

    /// Sequences of the alignment.
    type S = Axis;
    /// Residues.
    type R = Axis;
    /// Channels of the MSA representation.
    const C_M: usize = 256;
    /// Channels of the pair representation.
    const C_Z: usize = 128;
    /// Channels of the single representation.
    const C_S: usize = 384;
    /// Channels of one head of MSA attention.
    const C_HIDDEN_MSA: usize = 32;
    /// Heads of MSA attention.
    const HEADS_MSA: usize = 8;
    /// Hidden width of a transition, in multiples of its width.
    const TRANSITION_N: usize = 4;
    /// Mask the transitions (the released models do not).
    const MASK_TRANSITIONS: bool = false;
    /// The outer product mean comes first (multimer).
    const OPM_FIRST: bool = false;
    /// Blocks of the stack.
    const BLOCKS: usize = 48;

    /// Row attention, biased by the pair representation.
    pub struct RowAttention {
        layer_norm_m: LayerNorm<C_M>,
        layer_norm_z: LayerNorm<C_Z>,
        linear_z: LinearNoBias<C_Z, HEADS_MSA>,
        mha: Attention<C_M, HEADS_MSA, C_HIDDEN_MSA>,
    }

    /// The update of row attention (algorithm 7).
    pub fn attend_rows(
        m: Tensor<S, R, C_M>,
        z: Tensor<R, R, C_Z>,
        mask: Tensor<S, R>,
        w: RowAttention,
    ) -> Tensor<S, R, C_M> {
        let bias = rearrange("i j h -> 1 h i j", linear(layer_norm(z, w.layer_norm_z), w.linear_z));
        squeeze(attend(unsqueeze(layer_norm(m, w.layer_norm_m), 0), mask, Some(bias), w.mha), 0)
    }

    /// Column attention; checkpoints keep its parts one level deeper.
    pub struct ColumnAttention {
        _msa_att: ColumnParts,
    }

    /// Norm and projections of column attention.
    pub struct ColumnParts {
        layer_norm_m: LayerNorm<C_M>,
        mha: Attention<C_M, HEADS_MSA, C_HIDDEN_MSA>,
    }

    /// The update of column attention (algorithm 8).
    pub fn attend_columns(m: Tensor<S, R, C_M>, mask: Tensor<S, R>, w: ColumnAttention) -> Tensor<S, R, C_M> {
        let x = layer_norm(rearrange("s r c -> 1 r s c", m), w._msa_att.layer_norm_m);
        rearrange("1 r s c -> s r c", attend(x, transpose(mask, 0, 1), None, w._msa_att.mha))
    }

    /// One block.
    pub struct EvoformerBlock {
        msa_att_row: RowAttention,
        msa_att_col: ColumnAttention,
        msa_transition: Transition<C_M, TRANSITION_N>,
        outer_product_mean: OuterProductMean<C_M>,
        pair_stack: PairStack,
    }

    /// One block of the Evoformer: the MSA and pair representations, updated.
    #[budget("160 MiB", S = 128, R = 256)]
    pub fn evoformer_block(
        mut m: Tensor<S, R, C_M>,
        mut z: Tensor<R, R, C_Z>,
        msa_mask: Tensor<S, R>,
        pair_mask: Tensor<R, R>,
        w: EvoformerBlock,
    ) -> (Tensor<S, R, C_M>, Tensor<R, R, C_Z>) {
        if OPM_FIRST {
            let update = outer_product_mean(m, msa_mask, w.outer_product_mean);
            record("outer_product_mean.update", update);
            z = z + update;
            record("outer_product_mean.z", z);
        }
        let update = attend_rows(m, z, msa_mask, w.msa_att_row);
        record("msa_att_row.update", update);
        m = m + update;
        record("msa_att_row.m", m);
        let update = attend_columns(m, msa_mask, w.msa_att_col);
        record("msa_att_col.update", update);
        m = m + update;
        record("msa_att_col.m", m);
        let update = transition(m, msa_mask, MASK_TRANSITIONS, w.msa_transition);
        record("msa_transition.update", update);
        m = m + update;
        record("msa_transition.m", m);
        if !OPM_FIRST {
            let update = outer_product_mean(m, msa_mask, w.outer_product_mean);
            record("outer_product_mean.update", update);
            z = z + update;
            record("outer_product_mean.z", z);
        }
        z = pair_stack(z, pair_mask, w.pair_stack);
        (m, z)
    }

    /// The stack, with the projection of its first row.
    pub struct EvoformerStack {
        blocks: [EvoformerBlock; BLOCKS],
        linear: Linear<C_M, C_S>,
    }

    /// The Evoformer stack: MSA, pair and single representation.
    pub fn evoformer_stack(
        mut m: Tensor<S, R, C_M>,
        mut z: Tensor<R, R, C_Z>,
        msa_mask: Tensor<S, R>,
        pair_mask: Tensor<R, R>,
        w: EvoformerStack,
    ) -> (Tensor<S, R, C_M>, Tensor<R, R, C_Z>, Tensor<R, C_S>) {
        for block in w.blocks {
            (m, z) = evoformer_block(m, z, msa_mask, pair_mask, block);
            record("m", m);
            record("z", z);
        }
        let s = linear(pick(m, 0, 0), w.linear);
        (m, z, s)
    }
}

/// The extra MSA stack: narrow, with global column attention; only z leaves it (supplement, algorithm 18).
#[crease::model]
pub mod extra_msa {
    use super::pair::{OuterProductMean, PairStack, outer_product_mean, pair_stack};
    use crate::attention::attention::{Attention, GlobalAttention, attend, attend_globally};
    use crate::triangle::triangle::{Transition, transition};

    /// Extra sequences of the alignment.
    type S = Axis;
    /// Residues.
    type R = Axis;
    /// Channels of the extra MSA representation.
    const C_M: usize = 64;
    /// Channels of the pair representation.
    const C_Z: usize = 128;
    /// Channels of one head of MSA attention.
    const C_HIDDEN_MSA: usize = 8;
    /// Heads of MSA attention.
    const HEADS_MSA: usize = 8;
    /// Hidden width of a transition, in multiples of its width.
    const TRANSITION_N: usize = 4;
    /// The outer product mean comes first (multimer).
    const OPM_FIRST: bool = false;
    /// Blocks of the stack.
    const BLOCKS: usize = 4;

    /// Row attention, biased by the pair representation.
    pub struct ExtraRowAttention {
        layer_norm_m: LayerNorm<C_M>,
        layer_norm_z: LayerNorm<C_Z>,
        linear_z: LinearNoBias<C_Z, HEADS_MSA>,
        mha: Attention<C_M, HEADS_MSA, C_HIDDEN_MSA>,
    }

    /// Column attention with one query a column.
    pub struct GlobalColumnAttention {
        layer_norm_m: LayerNorm<C_M>,
        global_attention: GlobalAttention<C_M, HEADS_MSA, C_HIDDEN_MSA>,
    }

    /// One block.
    pub struct ExtraMsaBlock {
        msa_att_row: ExtraRowAttention,
        msa_att_col: GlobalColumnAttention,
        msa_transition: Transition<C_M, TRANSITION_N>,
        outer_product_mean: OuterProductMean<C_M>,
        pair_stack: PairStack,
    }

    fn extra_msa_block(
        mut m: Tensor<S, R, C_M>,
        mut z: Tensor<R, R, C_Z>,
        msa_mask: Tensor<S, R>,
        pair_mask: Tensor<R, R>,
        w: ExtraMsaBlock,
    ) -> (Tensor<S, R, C_M>, Tensor<R, R, C_Z>) {
        if OPM_FIRST {
            let update = outer_product_mean(m, msa_mask, w.outer_product_mean);
            record("outer_product_mean.update", update);
            z = z + update;
        }
        let row = w.msa_att_row;
        let bias = rearrange("i j h -> 1 h i j", linear(layer_norm(z, row.layer_norm_z), row.linear_z));
        let update = squeeze(attend(unsqueeze(layer_norm(m, row.layer_norm_m), 0), msa_mask, Some(bias), row.mha), 0);
        record("msa_att_row.update", update);
        m = m + update;
        let column = w.msa_att_col;
        let x = layer_norm(transpose(m, 0, 1), column.layer_norm_m);
        let update = transpose(attend_globally(x, transpose(msa_mask, 0, 1), column.global_attention), 0, 1);
        record("msa_att_col_global.update", update);
        m = m + update;
        let update = transition(m, msa_mask, true, w.msa_transition);
        record("msa_transition.update", update);
        m = m + update;
        if !OPM_FIRST {
            let update = outer_product_mean(m, msa_mask, w.outer_product_mean);
            record("outer_product_mean.update", update);
            z = z + update;
        }
        z = pair_stack(z, pair_mask, w.pair_stack);
        (m, z)
    }

    /// The stack.
    pub struct ExtraMsaStack {
        blocks: [ExtraMsaBlock; BLOCKS],
    }

    /// The extra MSA stack: the pair representation, updated.
    pub fn extra_msa_stack(
        mut m: Tensor<S, R, C_M>,
        mut z: Tensor<R, R, C_Z>,
        msa_mask: Tensor<S, R>,
        pair_mask: Tensor<R, R>,
        w: ExtraMsaStack,
    ) -> Tensor<R, R, C_Z> {
        for block in w.blocks {
            (m, z) = extra_msa_block(m, z, msa_mask, pair_mask, block);
            record("m", m);
            record("z", z);
        }
        z
    }
}
