//! Positions along the sequences, in a function that is given none.

#[crease::model]
mod positions {
    type S = Axis;
    type R = Axis;

    pub fn numbered(x: Tensor<R>) -> Tensor<R> {
        x + sum(iota(S), over = 0)
    }

    pub fn counted(x: Tensor<R>) -> Tensor<S, R> {
        unsqueeze(x, 0)
    }

    fn widened<const C: usize>(x: Tensor<R, { 2 * C }>) -> Tensor<R, { 2 * C }> {
        x
    }
}

fn main() {}
