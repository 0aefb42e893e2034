//! An einsum in this language always says its result.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 128;

    pub fn outgoing(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum("ikc,jkc", a, b)
    }

    pub fn incoming(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum("k i c; k j c -> i j c", a, b)
    }
}

fn main() {}
