//! A machine that there is no table for.

#[crease::model]
mod pair {
    type R = Axis;

    #[budget("64 MiB", R = 384, target = "avx1024")]
    pub fn doubled(z: Tensor<R, R>) -> Tensor<R, R> {
        z * 2.0
    }
}

fn main() {}
