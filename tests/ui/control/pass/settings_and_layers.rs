//! Settings decide, layers repeat, variables change, parts are taken apart.

#[crease::model]
mod stack {
    type R = Axis;
    const C: usize = 64;
    const BLOCKS: usize = 4;
    const GATED: bool = true;

    pub struct Block {
        linear: Linear<C, C>,
        linear_g: Option<Linear<C, C>>,
    }

    pub struct Stack {
        blocks: [Block; BLOCKS],
    }

    fn halves(x: Tensor<R, C>) -> (Tensor<R, { C }>, Tensor<C>) {
        (relu(x), mean(x, over = R))
    }

    pub fn run(mut x: Tensor<R, C>, w: Stack) -> (Tensor<R, C>, Tensor<C>) {
        for block in w.blocks {
            let update: Tensor<R, C> = record("update", linear(x, block.linear));
            if let Some(gate) = block.linear_g {
                x += update * sigmoid(linear(x, gate));
            } else if GATED {
                x += update * sigmoid(update);
            } else {
                x += update;
            }
        }
        let (x, pooled) = halves(x);
        (x, pooled)
    }
}

fn main() {
    use crease_core::lang::{Options, Settings};
    let model = stack::run();
    let once = model.elaborate(&Settings::new(), &Options::default()).expect("a graph");
    assert_eq!(once.graph.outputs.len(), 2);
    assert!(once.records.is_empty());
    let recorded = Options { record: true, ..Options::default() };
    let every = model.elaborate(&Settings::new().with("BLOCKS", 3), &recorded).expect("a graph");
    assert_eq!(every.records, ["block0.update", "block1.update", "block2.update"]);
}
