//! A name in checkpoints has a part between any two dots.

#[crease::model]
mod attention {
    type R = Axis;
    const C: usize = 64;

    pub struct Attention {
        #[name = "mha..linear_q"]
        linear_q: Linear<C, C>,
        #[name]
        linear_k: Linear<C, C>,
    }

    pub fn score(x: Tensor<R, C>, w: Attention) -> Tensor<R, R> {
        einsum("ic,jc->ij", linear(x, w.linear_q), linear(x, w.linear_k))
    }
}

fn main() {}
