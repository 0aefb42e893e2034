//! Softmax over the residues of a pair tensor, which has two residue axes.

#[crease::model]
mod triangle_attention {
    type R = Axis;
    const H: usize = 4;

    pub fn weights(logits: Tensor<H, R, R>) -> Tensor<H, R, R> {
        softmax(logits, over = R)
    }
}

fn main() {}
