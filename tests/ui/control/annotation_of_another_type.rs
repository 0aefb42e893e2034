//! The written type has two axes, the value one.

#[crease::model]
mod pooled {
    type R = Axis;
    const C: usize = 64;

    pub fn pooled(z: Tensor<R, R, C>) -> Tensor<R, C> {
        let rows: Tensor<R, R> = mean(z, over = 0);
        rows
    }
}

fn main() {}
