//! A scale is multiplied outside of the einsum.

#[crease::model]
mod attention {
    type R = Axis;
    const D: usize = 32;
    const SCALE: f32 = 0.125;

    pub fn logits(q: Tensor<R, D>, k: Tensor<R, D>) -> Tensor<R, R> {
        einsum!([i, j] = q[i, d] * k[j, d] * SCALE[])
    }
}

fn main() {}
