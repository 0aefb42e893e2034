//! Left of an argument's `=` stands its name.

#[crease::model]
mod projection {
    type R = Axis;
    const C: usize = 64;

    pub struct Layer {
        weight: Tensor<C, C>,
        bias: Tensor<C>,
    }

    pub fn projected(x: Tensor<R, C>, w: Layer) -> Tensor<R, C> {
        linear(x, w.weight, w.bias = w.bias)
    }
}

fn main() {}
