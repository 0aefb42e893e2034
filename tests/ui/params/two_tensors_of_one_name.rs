//! Both layers would be `linear.weight` in the checkpoint.

#[crease::model]
mod gate {
    type R = Axis;
    const C: usize = 64;

    pub struct Gate {
        #[name = "linear"]
        linear_p: Linear<C, C>,
        #[name = "linear"]
        linear_g: Linear<C, C>,
    }

    pub fn gated(x: Tensor<R, C>, w: Gate) -> Tensor<R, C> {
        linear(x, w.linear_p) * sigmoid(linear(x, w.linear_g))
    }
}

fn main() {}
