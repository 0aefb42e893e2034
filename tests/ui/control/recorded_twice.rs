//! Two values under one name.

#[crease::model]
mod gate {
    type R = Axis;

    pub fn gated(x: Tensor<R>) -> Tensor<R> {
        let g = record("gate", sigmoid(x));
        record("gate", g * x)
    }

    pub fn named(x: Tensor<R>) -> Tensor<R> {
        record("gate{0}", x)
    }
}

fn main() {}
