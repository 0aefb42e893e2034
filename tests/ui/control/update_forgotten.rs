//! The loop declares a new `x` in each layer, so nothing comes out of it.

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

    pub fn run(x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        for block in w.blocks {
            let x = linear(x, block.linear);
        }
        x
    }

    pub fn dropped(x: Tensor<R, C>) -> Tensor<R, C> {
        relu(x);
        x
    }

    pub fn layer_gives(mut x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        for block in w.blocks {
            x = relu(x);
            linear(x, block.linear)
        }
        x
    }
}

fn main() {}
