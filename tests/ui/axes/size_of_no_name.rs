//! `C_X` is declared nowhere; `C_Z` is.

#[crease::model]
mod pair {
    type R = Axis;
    const C_Z: usize = 128;

    pub fn twice(z: Tensor<R, R, C_X>) -> Tensor<R, R, C_Z> {
        2.0 * z
    }
}

fn main() {}
