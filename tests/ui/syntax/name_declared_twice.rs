//! One name, two declarations.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 64;
    const C: usize = 128;

    pub struct Side {
        linear: Linear<C, C>,
        linear: Linear<C, C>,
    }

    pub fn side(x: Tensor<R, C>, x: Tensor<R, C>, w: Side) -> Tensor<R, C> {
        linear(x, w.linear)
    }

    pub fn side(x: Tensor<R, C>) -> Tensor<R, C> {
        x
    }
}

fn main() {}
