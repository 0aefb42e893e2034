//! The gate's weights are in the checkpoint, and the update forgets them.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 128;

    pub struct Update {
        layer_norm: LayerNorm<C>,
        linear_p: Linear<C, C>,
        linear_g: Linear<C, C>,
    }

    pub fn update(z: Tensor<R, R, C>, w: Update) -> Tensor<R, R, C> {
        linear(layer_norm(z, w.layer_norm), w.linear_p)
    }
}

fn main() {}
