//! The checkpoint says `linear_a_p`.

#[crease::model]
mod triangle {
    type R = Axis;
    const C_Z: usize = 128;
    const C: usize = 128;

    pub struct Outgoing {
        layer_norm_in: LayerNorm<C_Z>,
        linear_a_p: Linear<C_Z, C>,
        linear_a_g: Linear<C_Z, C>,
    }

    pub fn left(z: Tensor<R, R, C_Z>, w: Outgoing) -> Tensor<R, R, C> {
        let x = layer_norm(z, w.layer_norm);
        linear(z, w.linear_a_p) * sigmoid(linear(z, w.linear_ag))
    }

    pub fn weightless(z: Tensor<R, R, C_Z>, w: Outgoing) -> Tensor<R, R, C> {
        linear(z.rows, w.linear_a_p) + linear(z, w)
    }
}

fn main() {}
