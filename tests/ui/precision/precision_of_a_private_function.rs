//! A private function is planned within those that call it, in their precision.

#[crease::model]
mod gated {
    type R = Axis;
    const C: usize = 64;

    #[precision(bf16)]
    fn gate(z: Tensor<R, C>) -> Tensor<R, C> {
        sigmoid(z)
    }

    pub fn gated(z: Tensor<R, C>) -> Tensor<R, C> {
        gate(z) * z
    }
}

fn main() {}
