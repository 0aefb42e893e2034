//! A layer has two widths, an attention none.

#[crease::model]
mod attention {
    type R = Axis;
    const C: usize = 64;

    pub struct Projections {
        linear_q: Linear<C>,
        linear_k: Linear<C, C>,
    }

    pub fn score(x: Tensor<R, C>, w: Projections<C>) -> Tensor<R, C> {
        linear(x, w.linear_k)
    }
}

fn main() {}
