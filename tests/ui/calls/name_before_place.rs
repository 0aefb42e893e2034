//! Arguments without names come first.

#[crease::model]
mod attention {
    type R = Axis;
    type K = Axis;

    pub fn weights(logits: Tensor<R, K>) -> Tensor<R, K> {
        softmax(over = K, logits)
    }
}

fn main() {}
