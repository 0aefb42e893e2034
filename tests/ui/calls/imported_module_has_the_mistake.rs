//! One mistake, said once: where it is, not where its module is used.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 64;

    pub fn outgoing(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum("ikc,jkc->ijd", a, b)
    }
}

#[crease::model]
mod evoformer {
    use super::triangle::outgoing;

    type R = Axis;
    const C: usize = 64;

    pub fn update(z: Tensor<R, R, C>, unread: Tensor<R, R>) -> Tensor<R, R, C> {
        z + outgoing(z, z)
    }
}

#[crease::model]
mod trunk {
    use super::evoformer::update;

    type R = Axis;
    const C: usize = 64;

    pub fn run(z: Tensor<R, R, C>, mask: Tensor<R, R>) -> Tensor<R, R, C> {
        update(z, mask)
    }
}

fn main() {
    let _ = (evoformer::update(), trunk::run());
}
