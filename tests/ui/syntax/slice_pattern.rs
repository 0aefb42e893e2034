//! Values are taken apart as tuples.

#[crease::model]
mod halves {
    type R = Axis;

    pub fn product(x: Tensor<R>) -> Tensor<R> {
        let [a, b] = (relu(x), sigmoid(x));
        a * b
    }
}

fn main() {}
