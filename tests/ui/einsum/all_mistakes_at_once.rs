//! Three einsums, three mistakes.

#[crease::model]
mod triangle_attention {
    type R = Axis;
    const H: usize = 4;
    const D: usize = 32;

    pub fn attend(
        q: Tensor<R, R, H, D>,
        k: Tensor<R, R, H, D>,
        v: Tensor<R, R, H, D>,
        bias: Tensor<H, R, R>,
    ) -> Tensor<R, R, H, D> {
        let logits = einsum("rqhd,rkhd->rhqkx", q, k);
        let gated = einsum!([r, q, h, d] = v[r, q, d, h] * sigmoid(q)[r, q, h, d]);
        let spread = einsum("hqk->rhqk", bias);
        einsum("rhqk,rkhd->rqhd", softmax(logits + spread, over = 3), gated)
    }
}

fn main() {}
