//! A loop runs over the layers themselves, or over turns that are all alike.

#[crease::model]
mod stack {
    type R = Axis;
    const C: usize = 64;

    pub struct Block {
        linear: Linear<C, C>,
    }

    pub struct Stack {
        blocks: [Block; 4],
    }

    pub fn run(mut x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        for k in 0..4 {
            x = linear(x, w.blocks[k].linear);
        }
        x
    }

    pub fn from_one(mut x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        for _ in 1..4 {
            x = linear(x, w.blocks[0].linear);
        }
        x
    }

    pub fn labelled(mut x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        'blocks: for block in w.blocks {
            x = linear(x, block.linear);
        }
        x
    }

    pub fn as_a_value(x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        let y = for block in w.blocks {};
        x
    }
}

fn main() {}
