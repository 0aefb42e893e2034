//! The pair representation's channels are axis 2, not 3.

#[crease::model]
mod pooled {
    type R = Axis;
    const C_Z: usize = 128;

    pub fn strongest(z: Tensor<R, R, C_Z>) -> Tensor<R, R> {
        max(z, over = 3)
    }

    pub fn turned(z: Tensor<R, R, C_Z>) -> Tensor<R, R, C_Z> {
        permute(z, [1, 0])
    }
}

fn main() {}
