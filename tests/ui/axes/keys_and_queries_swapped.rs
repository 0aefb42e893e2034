//! The logits are `[heads, keys, queries]`, and the bias still has queries first.

#[crease::model]
mod row_attention {
    type S = Axis;
    type R = Axis;
    const H: usize = 8;
    const D: usize = 32;

    pub fn logits(q: Tensor<R, H, D>, k: Tensor<S, H, D>, bias: Tensor<H, R, S>) -> Tensor<H, R, S> {
        let scores = einsum("qhd,khd->hkq", q, k);
        scores + bias
    }
}

fn main() {}
