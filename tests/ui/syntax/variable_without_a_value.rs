//! A variable begins with a value.

#[crease::model]
mod gate {
    type R = Axis;
    const GATED: bool = true;

    pub fn gated(x: Tensor<R>, g: Option<Tensor<R>>) -> Tensor<R> {
        let y;
        let Some(gate) = g else { return x };
        if GATED {
            y = x * sigmoid(gate);
        } else {
            y = x;
        }
        y
    }
}

fn main() {}
