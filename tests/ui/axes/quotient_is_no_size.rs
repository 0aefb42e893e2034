//! A width that is not known to be a whole number, and an axis as the width of a parameter.

#[crease::model]
mod widths {
    type R = Axis;
    const C: usize = 128;
    const H: usize = 8;
    const EPS: f32 = 1e-5;

    struct Positions {
        embedding: Tensor<R, C>,
    }

    pub fn heads(x: Tensor<R, C>) -> Tensor<R, H, 16> {
        rearrange("r (h d) -> r h d", x, h = H, d = C / H)
    }

    pub fn padded(x: Tensor<R, EPS>) -> Tensor<R, C> {
        x
    }
}

fn main() {}
