//! What is not `pub` is its own module's.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 64;

    struct Gate {
        linear_g: Linear<C, C>,
    }

    fn gate(z: Tensor<R, R, C>, w: Gate) -> Tensor<R, R, C> {
        sigmoid(linear(z, w.linear_g))
    }

    pub fn gated(z: Tensor<R, R, C>, w: Gate) -> Tensor<R, R, C> {
        z * gate(z, w)
    }
}

#[crease::model]
mod evoformer {
    use super::triangle::{Gate, gate};

    type R = Axis;
    const C: usize = 64;

    pub fn update(z: Tensor<R, R, C>, w: Gate) -> Tensor<R, R, C> {
        z + gate(z, w)
    }
}

fn main() {}
