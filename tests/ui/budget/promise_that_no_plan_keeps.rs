//! The smallest budget that can be met is more than the promise.

#[crease::model]
mod pair {
    type R = Axis;
    const C: usize = 128;

    pub struct Transition {
        layer_norm: LayerNorm<C>,
        linear_1: Linear<C, { 4 * C }>,
        linear_2: Linear<{ 4 * C }, C>,
    }

    #[budget("64 MiB", R = 384)]
    pub fn transition(z: Tensor<R, R, C>, w: Transition) -> Tensor<R, R, C> {
        let hidden = relu(linear(layer_norm(z, w.layer_norm), w.linear_1));
        z + linear(hidden, w.linear_2)
    }
}

fn main() {}
