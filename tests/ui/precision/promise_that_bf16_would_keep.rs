//! Single precision needs more than the promise, bfloat16 does not.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 64;

    pub struct Outgoing {
        linear_a: Linear<C, C>,
        linear_b: Linear<C, C>,
    }

    #[budget("448 MiB", R = 1024)]
    pub fn outgoing(z: Tensor<R, R, C>, w: Outgoing) -> Tensor<R, R, C> {
        einsum("ikc,jkc->ijc", linear(z, w.linear_a), linear(z, w.linear_b))
    }
}

fn main() {}
