//! A promise is made by a function.

#[crease::model(budget = "2 GiB")]
mod pooled {
    type R = Axis;

    pub fn pooled(z: Tensor<R, R>) -> Tensor<R> {
        mean(z, over = 0)
    }
}

fn main() {}
