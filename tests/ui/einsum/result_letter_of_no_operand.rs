//! The result of a triangle multiplication keeps `d`, which neither side has.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 128;

    pub fn as_text(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum("ikc,jkc->ijd", a, b)
    }

    pub fn as_tokens(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum!([i, j, d] = a[i, k, c] * b[j, k, c])
    }

    pub fn twice(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum!([i, i, c] = a[i, k, c] * b[j, k, c])
    }
}

fn main() {}
