//! Every mistake about precision is said in one go.

#[crease::model]
mod gated {
    type R = Axis;
    const C: usize = 64;

    #[precision]
    pub fn one(z: Tensor<R, C>) -> Tensor<R, C> {
        sigmoid(z) * z
    }

    #[precision("bf16")]
    pub fn two(z: Tensor<R, C>) -> Tensor<R, C> {
        sigmoid(z) * z
    }

    #[precision(bf16)]
    #[precision(f32)]
    pub fn three(z: Tensor<R, C>) -> Tensor<R, C> {
        sigmoid(z) * z
    }

    #[precision(fp8)]
    fn four(z: Tensor<R, C>) -> Tensor<R, C> {
        sigmoid(z) * z
    }
}

fn main() {}
