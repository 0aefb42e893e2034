//! A result without an `else`, and a body that ends in a semicolon.

#[crease::model]
mod gate {
    type R = Axis;
    const GATED: bool = true;

    pub fn without_result(x: Tensor<R>) -> Tensor<R> {
        let y = sigmoid(x);
    }

    pub fn without_else(x: Tensor<R>, g: Tensor<R>) -> Tensor<R> {
        let y = if GATED {
            x * sigmoid(g)
        };
        y
    }
}

fn main() {}
