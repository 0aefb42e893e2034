//! Blocks, an optional bias, a name that Rust refuses: all of it as the checkpoint says.

#[crease::model]
mod stack {
    type R = Axis;
    const C: usize = 64;
    const BLOCKS: usize = 4;

    pub struct Projection<const I: usize, const O: usize> {
        weight: Tensor<O, I>,
        bias: Option<Tensor<O>>,
    }

    pub struct Block {
        layer_norm: LayerNorm<C>,
        #[name = "self"]
        own: Projection<C, C>,
    }

    pub struct Stack {
        blocks: [Block; BLOCKS],
    }

    fn projected<const I: usize, const O: usize>(x: Tensor<R, I>, w: Projection<I, O>) -> Tensor<R, O> {
        let y = linear(x, w.weight);
        if let Some(bias) = w.bias { y + bias } else { y }
    }

    pub fn run(mut x: Tensor<R, C>, w: Stack) -> Tensor<R, C> {
        for block in w.blocks {
            x = x + projected(layer_norm(x, block.layer_norm), block.own);
        }
        x
    }
}

fn main() {
    let signature = stack::run().signature().expect("a signature");
    let names: Vec<&str> = signature.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let own = ["blocks.{}.self.weight", "blocks.{}.self.bias"];
    assert_eq!(names, ["blocks.{}.layer_norm.weight", "blocks.{}.layer_norm.bias", own[0], own[1]]);
    let optional: Vec<bool> = signature.parameters.iter().map(|parameter| parameter.optional).collect();
    assert_eq!(optional, [false, false, false, true]);
    assert!(stack::run().elaborate(&Default::default(), &Default::default()).is_ok());
}
