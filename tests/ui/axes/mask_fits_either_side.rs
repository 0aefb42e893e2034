//! A residue mask on the pair representation: of its rows, or of its columns?

#[crease::model]
mod pair_mask {
    type R = Axis;
    const C_Z: usize = 128;

    pub fn masked(z: Tensor<R, R, C_Z>, residue_mask: Tensor<R>) -> Tensor<R, R, C_Z> {
        z * residue_mask
    }
}

fn main() {}
