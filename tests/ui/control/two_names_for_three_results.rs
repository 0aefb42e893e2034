//! A function of three results, taken apart as two.

#[crease::model]
mod projections {
    type R = Axis;
    const C: usize = 64;

    fn projected(x: Tensor<R, C>) -> (Tensor<R, C>, Tensor<R, C>, Tensor<R, C>) {
        (x, relu(x), sigmoid(x))
    }

    pub fn logits(x: Tensor<R, C>) -> Tensor<R, R> {
        let (q, k) = projected(x);
        einsum("ic,jc->ij", q, k)
    }

    pub fn halves(x: Tensor<R, C>) -> Tensor<R, C> {
        let (a, b) = relu(x);
        a * b
    }
}

fn main() {}
