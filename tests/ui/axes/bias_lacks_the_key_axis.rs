//! The bias of row attention was reduced over its keys and still goes onto the logits.

#[crease::model]
mod row_attention {
    type R = Axis;
    type K = Axis;
    const H: usize = 8;
    const C_M: usize = 256;

    pub fn weights(logits: Tensor<R, H, K>, bias: Tensor<R, C_M>) -> Tensor<R, H, K> {
        softmax(logits + bias, over = K)
    }
}

fn main() {}
