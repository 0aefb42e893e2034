//! Gated attention, as every stack uses it, and the global attention of the extra MSA stack.

/// Attention of AlphaFold 2 (Jumper et al. 2021, supplement 1.6).
#[crease::model]
pub mod attention {
    /// Independent problems (templates); 1 where there is one.
    type T = Axis;
    /// Rows: each attends within itself.
    type B = Axis;
    /// Positions of a row.
    type N = Axis;
    /// Added, negated, to the logits of masked keys.
    const INF: f32 = 1e9;
    /// Added to counts that are divided by.
    const EPS: f32 = 1e-8;

    /// Projections of `H` heads of width `D`; head is the slow part of a channel.
    pub struct Attention<const C: usize, const H: usize, const D: usize> {
        linear_q: LinearNoBias<C, { H * D }>,
        linear_k: LinearNoBias<C, { H * D }>,
        linear_v: LinearNoBias<C, { H * D }>,
        linear_g: Linear<C, { H * D }>,
        linear_o: Linear<{ H * D }, C>,
    }

    /// Gated self-attention within each row; `mask` hides keys, `bias` is added to the logits of all rows.
    pub fn attend<const C: usize, const H: usize, const D: usize>(
        x: Tensor<T, B, N, C>,
        mask: Tensor<B, N>,
        bias: Option<Tensor<T, H, N, N>>,
        w: Attention<C, H, D>,
    ) -> Tensor<T, B, N, C> {
        let q = rearrange("t b n (h d) -> t b n h d", linear(x, w.linear_q), h = H) * (1.0 / sqrt(D));
        let k = rearrange("t b n (h d) -> t b n h d", linear(x, w.linear_k), h = H);
        let v = rearrange("t b n (h d) -> t b n h d", linear(x, w.linear_v), h = H);
        let mut logits = einsum("tbihd,tbjhd->tbhij", q, k) + rearrange("b n -> 1 b 1 1 n", INF * (mask - 1.0));
        if let Some(bias) = bias {
            logits = logits + unsqueeze(bias, 1);
        }
        let weights = softmax(logits, over = 4);
        let o = rearrange("t b n h d -> t b n (h d)", einsum("tbhij,tbjhd->tbihd", weights, v));
        linear(o * sigmoid(linear(x, w.linear_g)), w.linear_o)
    }

    /// Projections of global attention: one key and value for all heads.
    pub struct GlobalAttention<const C: usize, const H: usize, const D: usize> {
        linear_q: LinearNoBias<C, { H * D }>,
        linear_k: LinearNoBias<C, D>,
        linear_v: LinearNoBias<C, D>,
        linear_g: Linear<C, { H * D }>,
        linear_o: Linear<{ H * D }, C>,
    }

    /// Gated attention of each row's mean to its positions (supplement, algorithm 19).
    pub fn attend_globally<const C: usize, const H: usize, const D: usize>(
        x: Tensor<B, N, C>,
        mask: Tensor<B, N>,
        w: GlobalAttention<C, H, D>,
    ) -> Tensor<B, N, C> {
        let mean = sum(x * mask, over = 1) / (sum(mask, over = 1) + EPS);
        let q = rearrange("b (h d) -> b h d", linear(mean, w.linear_q), h = H) * (1.0 / sqrt(D));
        let logits = einsum("bhd,bnd->bhn", q, linear(x, w.linear_k)) + unsqueeze(INF * (mask - 1.0), 1);
        let o = einsum("bhn,bnd->bhd", softmax(logits, over = 2), linear(x, w.linear_v));
        let g = rearrange("b n (h d) -> b n h d", sigmoid(linear(x, w.linear_g)), h = H);
        linear(rearrange("b n h d -> b n (h d)", g * unsqueeze(o, 1)), w.linear_o)
    }
}
