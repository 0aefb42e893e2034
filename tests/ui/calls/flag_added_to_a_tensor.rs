//! Flags and tensors have operators of their own.

#[crease::model]
mod masks {
    type R = Axis;
    const MASKED: bool = true;

    pub fn with_flag(x: Tensor<R>) -> Tensor<R> {
        x + MASKED
    }

    pub fn both(x: Tensor<R>, mask: Tensor<R>) -> Tensor<R> {
        x && mask
    }

    pub fn negated(x: Tensor<R>) -> Tensor<R> {
        x * number(-MASKED)
    }
}

fn main() {}
