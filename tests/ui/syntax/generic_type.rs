//! Only sizes are generic.

#[crease::model]
mod norm {
    type R = Axis;

    pub fn normed<'a, T, const C: u64>(x: Tensor<R, C>) -> Tensor<R, C>
    where
        T: Float,
    {
        layer_norm(x)
    }

    type Rows<T> = Axis;
}

fn main() {}
