//! An optional bias is there in one checkpoint and absent in another.

#[crease::model]
mod projection {
    type R = Axis;
    const C: usize = 64;

    pub struct Projection {
        weight: Tensor<C, C>,
        bias: Option<Tensor<C>>,
    }

    fn shifted(x: Tensor<R, C>, by: Tensor<C>) -> Tensor<R, C> {
        x + by
    }

    pub fn projected(x: Tensor<R, C>, w: Projection) -> Tensor<R, C> {
        linear(x, w.weight) + w.bias
    }

    pub fn given(x: Tensor<R, C>, w: Projection) -> Tensor<R, C> {
        shifted(x, w.bias)
    }
}

fn main() {}
