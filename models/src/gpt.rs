//! A decoder block of GPT-2.

/// The decoder block of GPT-2 (Radford et al. 2019): norms first, causal attention, a perceptron. Parameters have GPT-2's
/// names; matrices lie as in any linear layer, output by input.
#[crease::model]
pub mod gpt {
    /// Positions of a sequence.
    type N = Axis;
    /// Heads of attention.
    const HEADS: usize = 12;
    /// Channels of a head; those of all heads are the model's width.
    const D: usize = 64;
    /// Hidden width of the perceptron, in multiples of the model's.
    const MLP_N: usize = 4;

    /// Projections of attention: `c_attn` has those to queries, keys and values one after another.
    pub struct CausalAttention {
        c_attn: Linear<{ HEADS * D }, { 3 * HEADS * D }>,
        c_proj: Linear<{ HEADS * D }, { HEADS * D }>,
    }

    fn heads(
        x: Tensor<N, { HEADS * D }>,
        weight: Tensor<{ HEADS * D }, { HEADS * D }>,
        bias: Tensor<{ HEADS * D }>,
    ) -> Tensor<N, HEADS, D> {
        rearrange("n (h d) -> n h d", linear(x, weight, bias), h = HEADS)
    }

    /// Attention of every position to itself and those before it.
    pub fn attend_causally(x: Tensor<N, { HEADS * D }>, w: CausalAttention) -> Tensor<N, { HEADS * D }> {
        let c = HEADS * D;
        let (weight, bias) = (w.c_attn.weight, w.c_attn.bias);
        let q = heads(x, slice(weight, 0, 0, c), slice(bias, 0, 0, c)) * (1.0 / sqrt(D));
        let k = heads(x, slice(weight, 0, c, 2 * c), slice(bias, 0, c, 2 * c));
        let v = heads(x, slice(weight, 0, 2 * c, 3 * c), slice(bias, 0, 2 * c, 3 * c));
        let logits = causal(einsum("ihd,jhd->hij", q, k), query = 1, key = 2);
        let o = einsum("hij,jhd->ihd", softmax(logits, over = 2), v);
        linear(rearrange("n h d -> n (h d)", o), w.c_proj)
    }

    /// A perceptron with one hidden layer.
    pub struct Perceptron {
        c_fc: Linear<{ HEADS * D }, { MLP_N * HEADS * D }>,
        c_proj: Linear<{ MLP_N * HEADS * D }, { HEADS * D }>,
    }

    /// One block.
    pub struct GptBlock {
        ln_1: LayerNorm<{ HEADS * D }>,
        attn: CausalAttention,
        ln_2: LayerNorm<{ HEADS * D }>,
        mlp: Perceptron,
    }

    /// One block: the sequence's representation, updated twice.
    pub fn gpt_block(mut x: Tensor<N, { HEADS * D }>, w: GptBlock) -> Tensor<N, { HEADS * D }> {
        let update = attend_causally(layer_norm(x, w.ln_1), w.attn);
        x = x + update;
        let hidden = gelu(linear(layer_norm(x, w.ln_2), w.mlp.c_fc));
        let update = linear(hidden, w.mlp.c_proj);
        x = x + update;
        x
    }
}
