//! Two promises of one function, and one of another.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 64;

    #[budget("4 GiB", RESIDUES = 64)]
    #[budget("16 GIG", R = 1024)]
    pub fn outgoing(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum("ikc,jkc->ijc", a, b)
    }

    #[budget("4 GiB", R = 0.5)]
    pub fn incoming(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum("kic,kjc->ijc", a, b)
    }
}

fn main() {}
