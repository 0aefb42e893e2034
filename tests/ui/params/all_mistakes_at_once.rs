//! A struct, its fields and their uses.

#[crease::model]
mod transition {
    type R = Axis;
    const C: usize = 64;
    const N: usize = 4;

    pub struct Transition {
        layer_norm: LayerNorm,
        linear_1: Linear<C, { N * C }>,
        linear_2: Linear<{ N * C }, C>,
    }

    pub struct Stack {
        transitions: [Transition; 2],
        closing: Option<Linear<C, C>>,
    }

    pub fn transition(x: Tensor<R, C>, w: Transition) -> Tensor<R, C> {
        linear(relu(linear(x, w.linear1)), w.linear_2)
    }

    pub fn first(x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        linear(transition(x, w.transitions[0]), w.closing)
    }
}

fn main() {}
