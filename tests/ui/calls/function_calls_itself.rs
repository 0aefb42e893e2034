//! Blocks are repeated by a loop, not by recursion.

#[crease::model]
mod stack {
    type R = Axis;
    const C: usize = 64;

    pub struct Block {
        linear: Linear<C, C>,
    }

    pub fn deep(x: Tensor<R, C>, w: Block) -> Tensor<R, C> {
        deep(linear(x, w.linear), w)
    }

    pub fn attend(x: Tensor<R, C>, w: Block) -> Tensor<R, C> {
        x + transition(x, w)
    }

    fn transition(x: Tensor<R, C>, w: Block) -> Tensor<R, C> {
        attend(relu(x), w)
    }
}

fn main() {}
