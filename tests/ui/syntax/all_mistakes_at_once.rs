//! Everything that is wrong with the syntax of a module is said in one go.

#[crease::model]
mod attention {
    type R = Axis;
    type Head = usize;
    const C: u64 = 64;

    pub struct Attention<T> {
        linear_q: Linear<C, { C / 2 }>,
        layers: Vec<Linear<C, C>>,
    }

    pub async fn attend(x: &Tensor<R, C>, w: Attention) -> Tensor<R, C> {
        let q = &linear(x, w.linear_q);
        for head in 0..8 {
            print!("{head}");
        }
        match q {
            _ => q as f32,
        }
    }
}

fn main() {}
