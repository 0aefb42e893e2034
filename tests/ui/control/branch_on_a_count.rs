//! A count is no flag.

#[crease::model]
mod recycling {
    type R = Axis;
    const RECYCLES: usize = 3;

    pub struct Head {
        scale: Tensor<R_HEAD>,
    }

    const R_HEAD: usize = 1;

    pub fn recycled(x: Tensor<R>) -> Tensor<R> {
        if RECYCLES { 2.0 * x } else { x }
    }

    pub fn always_there(x: Tensor<R>, w: Head) -> Tensor<R> {
        if let Some(scale) = w.scale { x * pick(scale, 0, 0) } else { x }
    }
}

fn main() {}
