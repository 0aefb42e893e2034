//! The template pair stack and the attention that takes its result into the pair representation.

/// Templates (Jumper et al. 2021, supplement, algorithms 16 and 17).
#[crease::model]
pub mod template {
    use crate::triangle::triangle::{
        Transition, TriangleAttention, TriangleMultiplication, attend_ending, attend_starting, multiply_incoming,
        multiply_outgoing,
    };

    /// Templates.
    type T = Axis;
    /// Residues.
    type R = Axis;
    /// Channels of the template representation.
    const C_T: usize = 64;
    /// Channels of the pair representation.
    const C_Z: usize = 128;
    /// Hidden channels of triangle multiplication.
    const C_HIDDEN_MUL: usize = 64;
    /// Channels of one head of triangle attention.
    const C_HIDDEN_PAIR: usize = 16;
    /// Heads of triangle attention.
    const HEADS_PAIR: usize = 4;
    /// Hidden width of a transition, in multiples of its width.
    const TRANSITION_N: usize = 2;
    /// Blocks of the stack.
    const BLOCKS: usize = 2;
    /// The multiplications come before the attentions (multimer).
    const TRI_MUL_FIRST: bool = false;
    /// Channels of one head of pointwise attention.
    const C_HIDDEN_POINTWISE: usize = 16;
    /// Heads of pointwise attention.
    const HEADS_POINTWISE: usize = 4;
    /// Added, negated, to the logits of absent templates.
    const POINTWISE_INF: f32 = 1e5;

    /// One block.
    pub struct TemplateBlock {
        tri_mul_out: TriangleMultiplication<C_T, C_HIDDEN_MUL>,
        tri_mul_in: TriangleMultiplication<C_T, C_HIDDEN_MUL>,
        tri_att_start: TriangleAttention<C_T, HEADS_PAIR, C_HIDDEN_PAIR>,
        tri_att_end: TriangleAttention<C_T, HEADS_PAIR, C_HIDDEN_PAIR>,
        pair_transition: Transition<C_T, TRANSITION_N>,
    }

    /// The stack and its closing norm.
    pub struct TemplatePairStack {
        blocks: [TemplateBlock; BLOCKS],
        layer_norm: LayerNorm<C_T>,
    }

    /// Projections of pointwise attention: no gate.
    pub struct PointwiseProjections {
        linear_q: LinearNoBias<C_Z, { HEADS_POINTWISE * C_HIDDEN_POINTWISE }>,
        linear_k: LinearNoBias<C_T, { HEADS_POINTWISE * C_HIDDEN_POINTWISE }>,
        linear_v: LinearNoBias<C_T, { HEADS_POINTWISE * C_HIDDEN_POINTWISE }>,
        linear_o: Linear<{ HEADS_POINTWISE * C_HIDDEN_POINTWISE }, C_Z>,
    }

    /// Pointwise attention.
    pub struct PointwiseAttention {
        mha: PointwiseProjections,
    }

    /// Both parts.
    pub struct TemplateEmbedder {
        template_pair_stack: TemplatePairStack,
        template_pointwise_att: PointwiseAttention,
    }

    fn multiply(mut t: Tensor<T, R, R, C_T>, mask: Tensor<R, R>, w: TemplateBlock) -> Tensor<T, R, R, C_T> {
        t = t + multiply_outgoing(t, mask, w.tri_mul_out);
        t + multiply_incoming(t, mask, w.tri_mul_in)
    }

    fn attend(mut t: Tensor<T, R, R, C_T>, mask: Tensor<R, R>, w: TemplateBlock) -> Tensor<T, R, R, C_T> {
        t = t + attend_starting(t, mask, w.tri_att_start);
        t + attend_ending(t, mask, w.tri_att_end)
    }

    // The released models do not mask here.
    fn change(t: Tensor<T, R, R, C_T>, w: Transition<C_T, TRANSITION_N>) -> Tensor<T, R, R, C_T> {
        linear(relu(linear(layer_norm(t, w.layer_norm), w.linear_1)), w.linear_2)
    }

    /// The templates' pair tensors, updated, and what they add to z.
    pub fn template_pair_stack(
        mut t: Tensor<T, R, R, C_T>,
        z: Tensor<R, R, C_Z>,
        pair_mask: Tensor<R, R>,
        template_mask: Tensor<T>,
        w: TemplateEmbedder,
    ) -> (Tensor<T, R, R, C_T>, Tensor<R, R, C_Z>) {
        for block in w.template_pair_stack.blocks {
            if TRI_MUL_FIRST {
                t = attend(multiply(t, pair_mask, block), pair_mask, block);
            } else {
                t = multiply(attend(t, pair_mask, block), pair_mask, block);
            }
            t = t + change(t, block.pair_transition);
        }
        t = layer_norm(t, w.template_pair_stack.layer_norm);
        let mha = w.template_pointwise_att.mha;
        let q = rearrange("i j (h d) -> i j h d", linear(z, mha.linear_q), h = HEADS_POINTWISE);
        let k = rearrange("t i j (h d) -> t i j h d", linear(t, mha.linear_k), h = HEADS_POINTWISE);
        let v = rearrange("t i j (h d) -> t i j h d", linear(t, mha.linear_v), h = HEADS_POINTWISE);
        let scale = 1.0 / sqrt(C_HIDDEN_POINTWISE);
        let mask = rearrange("t -> 1 1 1 t", POINTWISE_INF * (template_mask - 1.0));
        let weights = softmax(einsum("ijhd,tijhd->ijht", q * scale, k) + mask, over = 3);
        let o = rearrange("i j h d -> i j (h d)", einsum("ijht,tijhd->ijhd", weights, v));
        let z_update = linear(o, mha.linear_o);
        (t, z_update)
    }
}
