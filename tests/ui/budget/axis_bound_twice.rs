//! A budget holds for one set of sizes; another budget may hold for others.

#[crease::model]
mod pooled {
    type R = Axis;
    const C: usize = 64;
    const LONG: usize = 1024;

    #[budget("4 GiB", R = 64, R = 128)]
    pub fn twice(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }

    #[budget("4 GiB", R = LONG, target = avx512)]
    pub fn by_name(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }

    #[budget("4 GiB", R)]
    pub fn unbound(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }
}

fn main() {}
