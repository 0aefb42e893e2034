//! `x` begins as a pair tensor and is assigned its mean.

#[crease::model]
mod pooled {
    type R = Axis;
    const C: usize = 64;

    pub fn pooled(z: Tensor<R, R, C>) -> Tensor<R, C> {
        let mut x = 2.0 * z;
        x = mean(x, over = 0);
        x
    }
}

fn main() {}
