//! A block that holds a block never ends.

#[crease::model]
mod stack {
    type R = Axis;
    const C: usize = 64;

    pub struct Block {
        linear: Linear<C, C>,
        rest: Option<Tail>,
    }

    pub struct Tail {
        block: Block,
    }

    pub fn run(x: Tensor<R, C>, w: Block) -> Tensor<R, C> {
        linear(x, w.linear)
    }
}

fn main() {}
