//! Field names are checkpoint names, so there must be some.

#[crease::model]
mod attention {
    type R = Axis;
    const C: usize = 64;

    pub struct Attention(Linear<C, C>, Linear<C, C>);

    pub fn score(x: Tensor<R, C>, w: Attention) -> Tensor<R, R> {
        einsum("ic,jc->ij", linear(x, w.0), linear(x, w.1))
    }
}

fn main() {}
