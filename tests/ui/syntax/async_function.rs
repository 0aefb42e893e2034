//! What runs at the same time is the plan's business.

#[crease::model]
mod pooled {
    type R = Axis;

    pub async fn pooled(z: Tensor<R, R>) -> Tensor<R> {
        mean(z, over = 0)
    }

    pub const fn of_rows(z: Tensor<R, R>) -> Tensor<R> {
        mean(z, over = 1)
    }
}

fn main() {}
