//! From AlphaFold's alignment features to representations: the input embedder and the stack.

/// Input embedder (Jumper et al. 2021, supplement, algorithms 3 to 5) and Evoformer.
#[crease::model]
pub mod alignment {
    use crate::evoformer::evoformer::{EvoformerStack, evoformer_stack};

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
    /// Offsets between residues are told apart up to this distance.
    const RELPOS_K: usize = 32;

    /// Linear layers of the embedder.
    pub struct InputEmbedder {
        linear_tf_z_i: Linear<22, C_Z>,
        linear_tf_z_j: Linear<22, C_Z>,
        linear_tf_m: Linear<22, C_M>,
        linear_msa_m: Linear<49, C_M>,
        linear_relpos: Linear<{ 2 * RELPOS_K + 1 }, C_Z>,
    }

    /// Embedder and stack.
    pub struct AlignmentEvoformer {
        input_embedder: InputEmbedder,
        evoformer: EvoformerStack,
    }

    /// MSA, pair and single representation of an alignment's features.
    pub fn alignment_evoformer(
        msa_feat: Tensor<S, R, 49>,
        target_feat: Tensor<R, 22>,
        residue_index: Tensor<R>,
        msa_mask: Tensor<S, R>,
        pair_mask: Tensor<R, R>,
        w: AlignmentEvoformer,
    ) -> (Tensor<S, R, C_M>, Tensor<R, R, C_Z>, Tensor<R, C_S>) {
        let e = w.input_embedder;
        let m = linear(msa_feat, e.linear_msa_m) + linear(target_feat, e.linear_tf_m);
        let reach = number(RELPOS_K);
        let offset = unsqueeze(residue_index, 1) - unsqueeze(residue_index, 0);
        let bin = min(max(offset, -reach), reach) + reach;
        // A one-hot times a matrix is one of its columns.
        let relpos = gather(transpose(e.linear_relpos.weight, 0, 1), 0, bin) + e.linear_relpos.bias;
        let left = unsqueeze(linear(target_feat, e.linear_tf_z_i), 1);
        let right = unsqueeze(linear(target_feat, e.linear_tf_z_j), 0);
        let z = left + right + relpos;
        let (m, z, single) = evoformer_stack(m, z, msa_mask, pair_mask, w.evoformer);
        (m, z, single)
    }
}
