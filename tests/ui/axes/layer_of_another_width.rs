//! The pair representation goes through a layer of the MSA representation.

#[crease::model]
mod transition {
    type R = Axis;
    const C_M: usize = 256;
    const C_Z: usize = 128;

    struct Transition {
        layer_norm: LayerNorm<C_M>,
        linear_1: Linear<C_M, { 4 * C_M }>,
        linear_2: Linear<{ 4 * C_M }, C_M>,
    }

    pub fn transition(z: Tensor<R, R, C_Z>, m: Tensor<R, C_M>, w: Transition) -> Tensor<R, C_M> {
        let hidden = relu(linear(z, w.linear_1));
        let normed = layer_norm(z, w.layer_norm);
        linear(m, w.linear_2)
    }
}

fn main() {}
