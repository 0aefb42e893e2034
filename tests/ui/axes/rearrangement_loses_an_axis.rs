//! What a rearrangement has on its left it has on its right.

#[crease::model]
mod heads {
    type R = Axis;
    const H: usize = 8;
    const D: usize = 32;

    pub fn lost(q: Tensor<R, { H * D }>) -> Tensor<R, D> {
        rearrange("r (h d) -> r d", q, h = H)
    }

    pub fn open(q: Tensor<R, { H * D }>) -> Tensor<R, H, D> {
        rearrange("r (h d -> r h d", q, h = H)
    }

    pub fn too_many(q: Tensor<R, { H * D }>) -> Tensor<R, H, D> {
        rearrange("s r (h d) -> s r h d", q, h = H)
    }
}

fn main() {}
