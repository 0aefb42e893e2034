//! The mask is left out of one call, the axis of another.

#[crease::model]
mod masks {
    type R = Axis;
    const C: usize = 64;

    fn masked(z: Tensor<R, R, C>, mask: Tensor<R, R>) -> Tensor<R, R, C> {
        z * unsqueeze(mask, 2)
    }

    pub fn update(z: Tensor<R, R, C>) -> Tensor<R, R, C> {
        z + masked(z)
    }

    pub fn weights(z: Tensor<R, R, C>) -> Tensor<R, R, C> {
        softmax(z)
    }

    pub fn gated(z: Tensor<R, R, C>, g: Tensor<R, R, C>) -> Tensor<R, R, C> {
        sigmoid(z, g)
    }
}

fn main() {}
