//! Constants are settings: sizes, flags, numbers.

#[crease::model]
mod settings {
    type R = Axis;
    const C: u32 = 64;
    const EPS: f32 = 1;
    const HEADS: usize = 4 * 2;
    const GATED: bool = 1;

    pub fn doubled(x: Tensor<R>) -> Tensor<R> {
        2.0 * x
    }
}

fn main() {}
