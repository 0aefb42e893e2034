//! Layers hand on tensors; a number does not change from layer to layer.

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
        let mut scale = 1.0;
        for block in w.blocks {
            scale = scale * 0.5;
            x = x + scale * linear(x, block.linear);
        }
        x
    }
}

fn main() {}
