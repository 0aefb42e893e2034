//! Types of Rust that a model has not.

#[crease::model]
mod stack {
    type R = Axis;

    pub struct Block {
        weights: Vec<LayerNorm<64>>,
    }

    pub fn scaled(x: Tensor<R>, by: f64, times: i32, over: Axis, bias: Option) -> Tensor<R> {
        x
    }
}

fn main() {}
