//! A mask that is taken and not applied.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 64;

    pub fn outgoing(a: Tensor<R, R, C>, b: Tensor<R, R, C>, mask: Tensor<R, R>) -> Tensor<R, R, C> {
        einsum("ikc,jkc->ijc", a, b)
    }
}

fn main() {}
