//! The mean over sequences of a tensor that has none.

#[crease::model]
mod pooled {
    type S = Axis;
    type R = Axis;
    const C_M: usize = 256;

    pub fn profile(m: Tensor<S, R, C_M>, single: Tensor<R, C_M>) -> Tensor<R, C_M> {
        mean(m, over = S) + mean(single, over = S)
    }
}

fn main() {}
