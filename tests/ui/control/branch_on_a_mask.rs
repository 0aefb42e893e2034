//! A mask is known while running, a branch is taken before.

#[crease::model]
mod masks {
    type R = Axis;

    pub fn masked(x: Tensor<R>, mask: Tensor<R>) -> Tensor<R> {
        if mask > 0.0 { x } else { 0.0 * x }
    }
}

fn main() {}
