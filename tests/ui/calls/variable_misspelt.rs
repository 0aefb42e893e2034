//! The gate was called `gate`.

#[crease::model]
mod gate {
    type R = Axis;
    const C: usize = 64;

    struct Gate {
        linear_g: Linear<C, C>,
    }

    pub fn gated(x: Tensor<R, C>, w: Gate) -> Tensor<R, C> {
        let gate = sigmoid(linear(x, w.linear_g));
        gat * x
    }

    pub fn uncalled(x: Tensor<R, C>) -> Tensor<R, C> {
        x * sigmoid
    }

    pub fn a_struct(x: Tensor<R, C>) -> Tensor<R, C> {
        linear(x, Gate)
    }
}

fn main() {}
