//! A function of another module, used with its arguments exchanged: the mistake is the caller's.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 64;

    pub struct Outgoing {
        linear_g: Linear<C, C>,
    }

    /// The gate of an update.
    pub fn gate(z: Tensor<R, R, C>, mask: Tensor<R, R>, w: Outgoing) -> Tensor<R, R, C> {
        sigmoid(linear(z, w.linear_g)) * unsqueeze(mask, 2)
    }
}

#[crease::model]
mod evoformer {
    use super::triangle::{Outgoing, gate};

    type R = Axis;
    type S = Axis;
    const C_M: usize = 256;

    pub struct Block {
        out: Outgoing,
    }

    pub fn pair(z: Tensor<R, R, C_M>, mask: Tensor<S, R>, w: Block) -> Tensor<R, R, C_M> {
        z * gate(z, mask, w.out)
    }

    pub fn forgotten(z: Tensor<R, R, 64>, w: Block) -> Tensor<R, R, 64> {
        gate(z, w.out)
    }

    pub fn inside(w: Block) -> Tensor<64> {
        w.out.linear_h.bias
    }
}

fn main() {}
