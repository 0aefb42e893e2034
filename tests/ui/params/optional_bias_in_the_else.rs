//! Where the bias is absent it cannot be added.

#[crease::model]
mod projection {
    type R = Axis;
    const C: usize = 64;

    pub struct Projection {
        weight: Tensor<C, C>,
        bias: Option<Tensor<C>>,
    }

    pub fn projected(x: Tensor<R, C>, w: Projection) -> Tensor<R, C> {
        let y = linear(x, w.weight);
        let bias = w.bias;
        if let Some(bias) = bias { y } else { y + bias }
    }
}

fn main() {}
