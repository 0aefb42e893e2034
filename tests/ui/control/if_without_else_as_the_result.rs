//! The function has no result where the flag is off.

#[crease::model]
mod gate {
    type R = Axis;
    const GATED: bool = true;

    pub fn gated(x: Tensor<R>, g: Tensor<R>) -> Tensor<R> {
        if GATED {
            x * sigmoid(g)
        }
    }
}

fn main() {}
