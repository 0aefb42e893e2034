//! A plan is made for tensors; a number comes from the function that calls.

#[crease::model]
mod scaled {
    type R = Axis;
    const C: usize = 64;

    #[budget("1 GiB", R = 256)]
    pub fn scaled(x: Tensor<R, C>, factor: f32) -> Tensor<R, C> {
        factor * x
    }
}

fn main() {}
