//! A size that need not be whole, and one that is not known.

#[crease::model]
mod heads {
    type R = Axis;
    const C: usize = 128;

    pub fn halved(x: Tensor<R, C>) -> Tensor<R, { C / 2 }> {
        slice(x, 1, 0, 64)
    }

    pub fn unknown(x: Tensor<_, C>) -> Tensor<R, C> {
        x
    }

    pub fn negative(x: Tensor<R, C>) -> Tensor<R, -1> {
        x
    }
}

fn main() {}
