//! A template's angles are joined to the sequences along the wrong axis.

#[crease::model]
mod rows {
    type S = Axis;
    type T = Axis;
    type R = Axis;
    const C_M: usize = 256;

    pub fn with_templates(m: Tensor<S, R, C_M>, angles: Tensor<T, R, C_M>) -> Tensor<S, R, C_M> {
        concat(m, angles, axis = 1)
    }
}

fn main() {}
