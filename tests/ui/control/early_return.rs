//! A function ends at its end.

#[crease::model]
mod gate {
    type R = Axis;
    const GATED: bool = true;

    pub fn gated(x: Tensor<R>, g: Tensor<R>) -> Tensor<R> {
        if !GATED {
            return x;
        }
        x * sigmoid(g)
    }

    pub fn tried(x: Tensor<R>, g: Option<Tensor<R>>) -> Tensor<R> {
        x * sigmoid(g?)
    }
}

fn main() {}
