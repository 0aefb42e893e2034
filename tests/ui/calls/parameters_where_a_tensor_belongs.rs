//! The weights and the tensor have changed places.

#[crease::model]
mod transition {
    type R = Axis;
    const C: usize = 64;

    pub struct Transition {
        linear_1: Linear<C, C>,
        linear_2: Linear<C, C>,
    }

    fn transition(x: Tensor<R, C>, w: Transition) -> Tensor<R, C> {
        linear(relu(linear(x, w.linear_1)), w.linear_2)
    }

    pub fn update(x: Tensor<R, C>, w: Transition) -> Tensor<R, C> {
        x + transition(w, x)
    }

    pub fn pairs(z: Tensor<R, R, C>, w: Transition) -> Tensor<R, R, C> {
        z + transition(z, w)
    }

    pub fn first(x: Tensor<R, C>, w: Transition) -> Tensor<R, C> {
        linear(w.linear_1, x)
    }
}

fn main() {}
