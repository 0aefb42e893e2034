//! How many bytes a run holds depends on every axis.

#[crease::model]
mod attention {
    type S = Axis;
    type R = Axis;
    const C: usize = 64;

    #[budget("4 GiB", R = 64)]
    pub fn logits(q: Tensor<S, R, C>, k: Tensor<S, R, C>) -> Tensor<S, R, R> {
        einsum("sqc,skc->sqk", q, k)
    }

    #[budget("4 GiB")]
    pub fn transposed(q: Tensor<S, R, C>) -> Tensor<R, S, C> {
        transpose(q, 0, 1)
    }
}

fn main() {}
