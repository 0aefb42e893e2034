//! A tensor exists while a plan runs; `record` keeps one.

#[crease::model]
mod pooled {
    type R = Axis;

    pub fn pooled(z: Tensor<R, R>) -> Tensor<R> {
        println!("{z:?}");
        mean(z, over = 0)
    }
}

fn main() {}
