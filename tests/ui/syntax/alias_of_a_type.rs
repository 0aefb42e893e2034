//! `type` declares an axis.

#[crease::model]
mod pair {
    type R = Axis;
    type Pair = Tensor<R, R, 128>;

    pub fn doubled(z: Tensor<R, R, 128>) -> Tensor<R, R, 128> {
        2.0 * z
    }
}

fn main() {}
