//! Every layer runs.

#[crease::model]
mod stack {
    type R = Axis;
    const C: usize = 64;
    const SHORT: bool = false;

    pub struct Block {
        linear: Linear<C, C>,
    }

    pub struct Stack {
        blocks: [Block; 4],
    }

    pub fn run(mut x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        for block in w.blocks {
            if SHORT {
                break;
            }
            x = linear(x, block.linear);
            continue;
        }
        x
    }
}

fn main() {}
