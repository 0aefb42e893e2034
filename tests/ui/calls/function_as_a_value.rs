//! Functions are called by their names.

#[crease::model]
mod activation {
    type R = Axis;
    const C: usize = 64;

    pub struct Layer {
        linear: Linear<C, C>,
    }

    pub fn activated(x: Tensor<R, C>, w: Layer) -> Tensor<R, C> {
        (w.linear)(x)
    }
}

fn main() {}
