//! The mean over sequences has lost them.

#[crease::model]
mod profile {
    type S = Axis;
    type R = Axis;
    const C: usize = 64;

    pub fn profile(m: Tensor<S, R, C>) -> Tensor<S, C> {
        mean(m, over = S)
    }

    pub fn undeclared(m: Tensor<S, R, C>) {
        relu(m)
    }
}

fn main() {}
