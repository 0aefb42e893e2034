//! Numbers have no types of their own.

#[crease::model]
mod scaled {
    type R = Axis;

    pub fn scaled(x: Tensor<R>) -> Tensor<R> {
        0.5f64 * x + 'c'
    }
}

fn main() {}
