//! Four blocks count from 0 to 3.

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

    pub fn last(x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        linear(x, w.blocks[4].linear)
    }

    pub fn by_number(x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        linear(x, w.blocks[0.5].linear)
    }

    pub fn of_a_tensor(x: Tensor<R, C>) -> Tensor<C> {
        x[0]
    }
}

fn main() {}
