//! Half public.

#[crease::model]
mod pooled {
    type R = Axis;

    pub(crate) fn pooled(z: Tensor<R, R>) -> Tensor<R> {
        mean(z, over = 0)
    }
}

fn main() {}
