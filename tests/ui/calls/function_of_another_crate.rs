//! A model of another crate: its definition is known here, so is what it takes.

#[crease::model]
mod readout {
    use crease_tests::pooling::pooled;

    type R = Axis;
    const C: usize = 64;

    pub fn single(z: Tensor<R, C>) -> Tensor<R, C> {
        pooled(z)
    }

    pub fn of_two(z: Tensor<R, R, C>, mask: Tensor<R, R>) -> Tensor<R, C> {
        pooled(z, mask)
    }
}

fn main() {}
