//! Values between operations are kept in single precision or in bfloat16.

#[crease::model]
mod gated {
    type R = Axis;
    const C: usize = 64;

    #[precision(half)]
    pub fn gated(z: Tensor<R, C>) -> Tensor<R, C> {
        sigmoid(z) * z
    }
}

fn main() {}
