//! Row attention with a pair bias: axes named where they stand once, positions where they do not.

#[crease::model]
mod row_attention {
    type S = Axis;
    type R = Axis;
    const C_M: usize = 256;
    const H: usize = 8;
    const D: usize = 32;

    pub struct RowAttention {
        layer_norm: LayerNorm<C_M>,
        linear_q: LinearNoBias<C_M, { H * D }>,
        linear_k: LinearNoBias<C_M, { H * D }>,
        linear_v: LinearNoBias<C_M, { H * D }>,
        linear_o: Linear<{ H * D }, C_M>,
    }

    pub fn update(
        m: Tensor<S, R, C_M>,
        mask: Tensor<S, R>,
        bias: Tensor<H, R, R>,
        w: RowAttention,
    ) -> Tensor<S, R, C_M> {
        let x = layer_norm(m, w.layer_norm);
        let q = rearrange("s r (h d) -> s h r d", linear(x, w.linear_q), h = H) * (1.0 / sqrt(D));
        let k = split(linear(x, w.linear_k), -1, [H, D]);
        let v = split(linear(x, w.linear_v), -1, [H, D]);
        let hidden = 1e9 * (rearrange("s r -> s 1 1 r", mask) - 1.0);
        let logits = einsum("shqd,skhd->shqk", q, k) + unsqueeze(bias, 0) + hidden;
        let o = einsum("shqk,skhd->sqhd", softmax(logits, over = -1), v);
        linear(join(o, 2), w.linear_o)
    }

    pub fn profile(m: Tensor<S, R, C_M>) -> Tensor<R, C_M> {
        mean(m, over = S)
    }
}

fn shapes(model: crease::__private::Model) -> Vec<String> {
    let signature = model.signature().expect("a signature");
    let graph = model.elaborate(&Default::default(), &Default::default()).expect("a graph").graph;
    assert_eq!(graph.outputs.len(), signature.outputs.len());
    graph.outputs.iter().map(|port| format!("{:?}", graph.values[port.value].shape.iter().map(ToString::to_string).collect::<Vec<_>>())).collect()
}

fn main() {
    assert_eq!(shapes(row_attention::update()), [r#"["S", "R", "C_M"]"#]);
    assert_eq!(shapes(row_attention::profile()), [r#"["R", "C_M"]"#]);
}
