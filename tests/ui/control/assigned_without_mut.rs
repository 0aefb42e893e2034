//! The pair representation is updated in place, and not declared so.

#[crease::model]
mod update {
    type R = Axis;
    const C: usize = 64;

    pub fn doubled(z: Tensor<R, R, C>) -> Tensor<R, R, C> {
        z += z;
        zz = 2.0 * z;
        z
    }
}

fn main() {}
