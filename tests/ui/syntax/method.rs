//! Functions take their parameters as an argument.

#[crease::model]
mod pooled {
    type R = Axis;

    pub fn pooled(&self, z: Tensor<R, R>) -> Tensor<R> {
        mean(z, over = 0)
    }

    pub fn of_two((a, b): (Tensor<R>, Tensor<R>)) -> Tensor<R> {
        a + b
    }
}

fn main() {}
