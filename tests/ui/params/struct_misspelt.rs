//! `Liner` is no layer; a number is no weight.

#[crease::model]
mod transition {
    type R = Axis;
    const C: usize = 64;

    pub struct Transition {
        linear_1: Liner<C, C>,
        scale: f32,
    }

    pub fn transition(x: Tensor<R, C>, w: Transitions) -> Tensor<R, C> {
        linear(x, w.linear_1)
    }
}

fn main() {}
