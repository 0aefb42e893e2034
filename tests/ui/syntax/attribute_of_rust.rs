//! Attributes that Rust has and a model has not.

#[crease::model]
mod pooled {
    #[derive(Debug)]
    pub struct Head {
        #[serde(rename = "norm")]
        layer_norm: LayerNorm<64>,
    }

    type R = Axis;

    #[inline]
    pub fn pooled(z: Tensor<R, 64>, w: Head) -> Tensor<R> {
        #[allow(unused)]
        let x = layer_norm(z, w.layer_norm);
        mean(x, over = 1)
    }
}

fn main() {}
