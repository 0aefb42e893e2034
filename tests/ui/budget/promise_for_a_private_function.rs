//! A private function is planned within those that call it.

#[crease::model]
mod pooled {
    type R = Axis;
    const C: usize = 64;

    #[budget("4 GiB", R = 64)]
    fn rows(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }

    pub fn pooled(z: Tensor<R, R, C>) -> Tensor<C> {
        mean(rows(z), over = R)
    }
}

fn main() {}
