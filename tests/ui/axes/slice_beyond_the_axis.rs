//! The second half of the channels begins at 64 and ends at 128.

#[crease::model]
mod halves {
    type R = Axis;

    pub fn second(x: Tensor<R, 128>) -> Tensor<R, 64> {
        slice(x, 1, 128, 192)
    }

    pub fn backwards(x: Tensor<R, 128>) -> Tensor<R, 64> {
        slice(x, 1, 128, 64)
    }

    pub fn one(x: Tensor<R, 128>) -> Tensor<R> {
        pick(x, 1, 128)
    }
}

fn main() {}
