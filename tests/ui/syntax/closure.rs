//! Expressions that Rust has and a model has not.

#[crease::model]
mod activation {
    type R = Axis;
    const HEADS: usize = 4;

    pub struct Layer {
        scale: Tensor<64>,
    }

    pub fn activated(x: Tensor<R>) -> Tensor<R> {
        let swish = |y| y * sigmoid(y);
        swish(x)
    }

    pub fn scaled(x: Tensor<R>) -> Tensor<R> {
        x * (1.0 / HEADS as f32)
    }

    pub fn first(x: Tensor<R>) -> Tensor<10> {
        x[0..10]
    }

    pub fn made(x: Tensor<R>) -> Tensor<R> {
        let w = Layer { scale: x };
        w.scale
    }
}

fn main() {}
