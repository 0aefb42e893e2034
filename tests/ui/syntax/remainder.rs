//! Operators that tensors do not have.

#[crease::model]
mod masks {
    type R = Axis;

    pub fn every_second(x: Tensor<R>) -> Tensor<R> {
        x * (iota(R) % 2)
    }

    pub fn both(a: Tensor<R>, b: Tensor<R>) -> Tensor<R> {
        a & b
    }
}

fn main() {}
