//! Index notation has its result on the left.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 128;

    pub fn arrow(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum!(a[i, k, c] * b[j, k, c] -> [i, j, c])
    }

    pub fn named(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum!(p[i, j, c] = a[i, k, c] * b[j, k, c])
    }
}

fn main() {}
