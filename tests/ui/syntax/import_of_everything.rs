//! A model sees what it names.

#[crease::model]
mod triangle {
    pub type R = Axis;
}

#[crease::model]
mod pooled {
    use super::triangle::*;

    pub fn pooled(z: Tensor<R, R>) -> Tensor<R> {
        mean(z, over = 0)
    }
}

fn main() {}
