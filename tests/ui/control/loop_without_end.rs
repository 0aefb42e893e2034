//! How often a loop runs is known before it runs.

#[crease::model]
mod recycling {
    type R = Axis;
    const MORE: bool = true;

    pub fn recycled(mut x: Tensor<R>) -> Tensor<R> {
        while MORE {
            x = relu(x);
        }
        loop {
            x = sigmoid(x);
        }
        x
    }
}

fn main() {}
