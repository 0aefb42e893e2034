//! The promise begins with its bytes.

#[crease::model]
mod pooled {
    type R = Axis;
    const C: usize = 64;

    #[budget(R = 64, "4 GiB")]
    pub fn first(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }

    #[budget(4_000_000_000, R = 64)]
    pub fn number(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }

    #[budget]
    pub fn bare(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }

    #[budget("4 GiB" R = 64)]
    pub fn no_comma(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }
}

fn main() {}
