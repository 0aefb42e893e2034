//! Every function is read, whatever is wrong with the others.

#[crease::model]
mod attention {
    type R = Axis;
    const C: usize = 64;

    struct Attention {
        linear_q: Linear<C, C>,
        linear_k: Linear<C, C>,
    }

    fn logits(x: Tensor<R, C>, w: Attention) -> Tensor<R, R> {
        einsum("ic,jc->ij", linear(x, w.linear_q), linear(x, w.linear_k))
    }

    pub fn weights(x: Tensor<R, C>, mask: Tensor<R, R>, w: Attention) -> Tensor<R, R> {
        softmax(logits(x), over = 1, axis = 1)
    }

    pub fn gated(x: Tensor<R, C>) -> Tensor<R, C> {
        x * sigmoide(gate)
    }
}

fn main() {}
