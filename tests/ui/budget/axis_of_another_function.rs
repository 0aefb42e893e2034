//! The budget binds sequences, and triangle multiplication has none.

#[crease::model]
mod triangle {
    type S = Axis;
    type R = Axis;
    const C: usize = 64;
    const C_HIDDEN: usize = 128;

    #[budget("4 GiB", S = 128, R = 64)]
    pub fn outgoing(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum("ikc,jkc->ijc", a, b)
    }

    #[budget("4 GiB", R = 64, C_HIDEN = 32)]
    pub fn incoming(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum("kic,kjc->ijc", a, b)
    }
}

fn main() {}
