//! Everything that is wrong with the meaning of a module is said in one go.

#[crease::model]
mod stack {
    type R = Axis;
    const C: usize = 64;
    const LAST: bool = true;

    pub struct Block {
        linear: Linear<C, C>,
    }

    pub struct Stack {
        blocks: [Block; 4],
        closing: Linear<C, C>,
    }

    pub fn run(x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        for block in w.blocks {
            x = x + linear(x, block.linear);
        }
        if LAST {
            linear(x, w.closing)
        } else {
            mean(x, over = R)
        }
    }

    pub fn halves(x: Tensor<R, C>) -> (Tensor<R, C>, Tensor<R, C>) {
        let (a, b, c) = (relu(x), sigmoid(x));
        (a, b)
    }

    pub fn pooled(x: Tensor<R, C>) -> Tensor<R> {
        mean(x, over = R)
    }
}

fn main() {}
