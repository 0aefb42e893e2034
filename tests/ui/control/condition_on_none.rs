//! `if let` asks for what is there.

#[crease::model]
mod bias {
    type R = Axis;
    const BIASED: bool = true;

    pub fn on_none(x: Tensor<R>, bias: Option<Tensor<R>>) -> Tensor<R> {
        if let None = bias { x } else { relu(x) }
    }

    pub fn joined(x: Tensor<R>, bias: Option<Tensor<R>>) -> Tensor<R> {
        if BIASED && let Some(bias) = bias { x + bias } else { x }
    }
}

fn main() {}
