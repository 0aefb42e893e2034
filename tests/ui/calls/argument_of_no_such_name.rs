//! `softmax` runs `over` an axis.

#[crease::model]
mod attention {
    type R = Axis;
    type K = Axis;

    fn scaled(x: Tensor<R, K>, scale: f32) -> Tensor<R, K> {
        scale * x
    }

    pub fn weights(logits: Tensor<R, K>) -> Tensor<R, K> {
        softmax(logits, dim = K)
    }

    pub fn shrunk(logits: Tensor<R, K>) -> Tensor<R, K> {
        scaled(logits, scales = 0.5)
    }

    pub fn twice(logits: Tensor<R, K>) -> Tensor<R, K> {
        softmax(logits, K, over = K)
    }
}

fn main() {}
