//! Each binding is of its own type.

#[crease::model]
mod gate {
    type R = Axis;
    const C: usize = 64;
    const GATED: bool = true;

    #[budget("4 GiB", R = true, GATED = 1)]
    pub fn gated(x: Tensor<R, C>) -> Tensor<R, C> {
        if GATED { sigmoid(x) } else { x }
    }

    #[budget("4 GiB", R = 64, C = 0.5)]
    pub fn halved(x: Tensor<R, C>) -> Tensor<R, C> {
        0.5 * x
    }
}

fn main() {}
