//! Bytes are a number and a unit.

#[crease::model]
mod pooled {
    type R = Axis;
    const C: usize = 64;

    #[budget("4", R = 64)]
    pub fn no_unit(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }

    #[budget("4 gigs", R = 64)]
    pub fn other_unit(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }

    #[budget("much", R = 64)]
    pub fn no_number(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }

    #[budget("0 GiB", R = 64)]
    pub fn nothing(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }
}

fn main() {}
