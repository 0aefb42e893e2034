//! Each factor says its own indices, a sum of two within parentheses.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 128;

    pub fn bare(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum!([i, j, c] = a[i, k, c] * b)
    }

    pub fn added(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum!([i, j, c] = a[i, k, c] * a + b[j, k, c])
    }

    pub fn missing(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        b * einsum!([i, j, c] = a[i, j, c] * )
    }
}

fn main() {}
