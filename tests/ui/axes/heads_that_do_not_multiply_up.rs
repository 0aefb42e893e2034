//! Eight heads of 32 channels are 256 channels; the layer gives 128.

#[crease::model]
mod heads {
    type R = Axis;
    const C: usize = 128;
    const H: usize = 8;
    const D: usize = 32;

    pub fn by_split(q: Tensor<R, C>) -> Tensor<R, H, D> {
        split(q, 1, [H, D])
    }

    pub fn by_rearrange(q: Tensor<R, C>) -> Tensor<R, H, D> {
        rearrange("r (h d) -> r h d", q, h = H, d = D)
    }

    pub fn of_unknown_width(q: Tensor<R, C>) -> Tensor<R, H, D> {
        rearrange("r (h d) -> r h d", q, h = H)
    }

    pub fn without_sizes(q: Tensor<R, C>) -> Tensor<R, H, D> {
        rearrange("r (h d) -> r h d", q)
    }

    pub fn squeezed(q: Tensor<R, C>) -> Tensor<R> {
        squeeze(q, C)
    }
}

fn main() {}
