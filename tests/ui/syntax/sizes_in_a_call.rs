//! Sizes follow from the arguments.

#[crease::model]
mod norm {
    type R = Axis;
    const C: usize = 64;

    fn normed<const W: usize>(x: Tensor<R, W>) -> Tensor<R, W> {
        layer_norm(x)
    }

    pub fn of_channels(x: Tensor<R, C>) -> Tensor<R, C> {
        normed::<C>(x)
    }

    pub fn of_self(x: Tensor<R, C>) -> Tensor<R, C> {
        linear(x, self.linear)
    }
}

fn main() {}
