//! The mask has two axes and is given one letter; the values have four and are given five.

#[crease::model]
mod attention {
    type B = Axis;
    type R = Axis;
    const H: usize = 8;
    const D: usize = 32;

    pub fn as_text(weights: Tensor<B, H, R, R>, v: Tensor<B, R, H, D>) -> Tensor<B, R, H, D> {
        einsum("bhqk,bkd->bqhd", weights, v)
    }

    pub fn as_tokens(weights: Tensor<B, H, R, R>, v: Tensor<B, R, H, D>) -> Tensor<B, R, H, D> {
        einsum!([b, q, h, d] = weights[b, h, q, k] * v[b, k, h, d, e])
    }

    pub fn one_operand(weights: Tensor<B, H, R, R>, v: Tensor<B, R, H, D>) -> Tensor<B, R, H, D> {
        let gate = sigmoid(v);
        gate * einsum("bhqk,bkhd->bqhd", weights)
    }
}

fn main() {}
