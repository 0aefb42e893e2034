//! A loop runs over an array of blocks.

#[crease::model]
mod stack {
    type R = Axis;
    const C: usize = 64;

    pub struct Block {
        linear: Linear<C, C>,
    }

    pub struct Stack {
        blocks: Block,
    }

    pub fn run(mut x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        for block in w.blocks {
            x = linear(x, block.linear);
        }
        x
    }
}

fn main() {}
