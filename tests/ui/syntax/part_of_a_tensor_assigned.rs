//! Tensors are values; whole variables are assigned.

#[crease::model]
mod diagonal {
    type R = Axis;

    pub fn cleared(mut x: Tensor<R>) -> Tensor<R> {
        x[0] = 0.0;
        x
    }
}

fn main() {}
