//! `sigmiod`, `layernorm`, `attend`.

#[crease::model]
mod gate {
    type R = Axis;
    const C: usize = 64;

    pub fn gated(x: Tensor<R, C>, g: Tensor<R, C>) -> Tensor<R, C> {
        x * sigmiod(g)
    }

    pub fn normed(x: Tensor<R, C>) -> Tensor<R, C> {
        layernorm(x)
    }

    pub fn attended(x: Tensor<R, C>) -> Tensor<R, C> {
        attend(x, x, x)
    }
}

fn main() {}
