//! An index is a name; one position of an axis is taken with `pick`.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 128;

    pub fn first_channel(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R> {
        einsum!([i, j] = a[i, k, 0] * b[j, k, 0])
    }
}

fn main() {}
