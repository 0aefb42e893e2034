//! A slice that ends beyond its axis at the promised sizes, and a tensor of more elements than can be counted.

#[crease::model]
mod crop {
    type R = Axis;

    #[budget("64 MiB", R = 200)]
    pub fn cropped(z: Tensor<R, R>) -> Tensor<256, R> {
        slice(z, 0, 0, 256)
    }

    #[budget("64 MiB", R = 9_000_000_000)]
    pub fn doubled(z: Tensor<R, R>) -> Tensor<R, R> {
        z * 2.0
    }
}

fn main() {}
