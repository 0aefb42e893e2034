//! One branch pools the pairs, the other does not.

#[crease::model]
mod pooled {
    type R = Axis;
    const C: usize = 64;
    const POOLED: bool = true;

    pub fn read(z: Tensor<R, R, C>) -> Tensor<R, C> {
        if POOLED { mean(z, over = 0) } else { relu(z) }
    }
}

fn main() {}
