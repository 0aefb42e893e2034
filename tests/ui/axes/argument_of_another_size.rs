//! The mask of the templates is given where the residues' mask belongs.

#[crease::model]
mod masks {
    type R = Axis;
    type T = Axis;
    const C_Z: usize = 128;

    fn masked(z: Tensor<R, R, C_Z>, mask: Tensor<R, R>) -> Tensor<R, R, C_Z> {
        z * unsqueeze(mask, 2)
    }

    pub fn update(z: Tensor<R, R, C_Z>, template_mask: Tensor<T, R>) -> Tensor<R, R, C_Z> {
        masked(z, template_mask)
    }
}

fn main() {}
