//! Parameters have no methods; functions take them.

#[crease::model]
mod transition {
    type R = Axis;
    const C: usize = 64;

    pub struct Transition {
        linear: Linear<C, C>,
    }

    impl Transition {
        fn forward(&self, x: Tensor<R, C>) -> Tensor<R, C> {
            linear(x, self.linear)
        }
    }

    enum Activation {
        Relu,
        Gelu,
    }

    pub fn run(x: Tensor<R, C>, w: Transition) -> Tensor<R, C> {
        const SCALE: f32 = 0.5;
        linear(x, w.linear)
    }
}

fn main() {}
