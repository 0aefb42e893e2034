//! Every function is read, whatever is wrong with the others.

#[crease::model]
mod outer_product_mean {
    type S = Axis;
    type R = Axis;
    const C_M: usize = 256;
    const C: usize = 32;

    struct OuterProductMean {
        layer_norm: LayerNorm<C_M>,
        linear_1: Linear<C_M, C>,
        linear_2: Linear<C_M, C>,
    }

    pub fn sides(m: Tensor<S, R, C_M>, w: OuterProductMean) -> (Tensor<S, R, C>, Tensor<S, R, C>) {
        let x = layer_norm(m, w.layer_norm);
        (linear(x, w.linear_1), linear(linear(x, w.linear_1), w.linear_2))
    }

    pub fn masked(a: Tensor<S, R, C>, mask: Tensor<R, S>) -> Tensor<S, R, C> {
        a * mask
    }

    pub fn counted(mask: Tensor<S, R>) -> Tensor<R> {
        sum(mask, over = 2)
    }
}

fn main() {}
