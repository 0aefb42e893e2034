//! A promise that is kept because values between operations may be kept in bfloat16.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 64;

    pub struct Outgoing {
        linear_a: Linear<C, C>,
        linear_b: Linear<C, C>,
    }

    #[precision(bf16)]
    #[budget("448 MiB", R = 1024)]
    pub fn outgoing(z: Tensor<R, R, C>, w: Outgoing) -> Tensor<R, R, C> {
        einsum("ikc,jkc->ijc", linear(z, w.linear_a), linear(z, w.linear_b))
    }
}

fn main() {
    use crease_core::ir::{Format, Sizes};
    use crease_core::lang::{Options, Settings};
    use crease_core::plan::{InstructionSet, Planner, Target};
    let model = triangle::outgoing();
    let smallest = |precision| {
        let options = Options { precision, ..Options::default() };
        let made = model.elaborate(&Settings::new(), &options).expect("a graph");
        let target = Target::shipped(InstructionSet::Portable, 2);
        let sizes: Sizes = made.sizes.into_iter().chain([("R".to_string(), 1024)]).collect();
        Planner::new(&made.graph, &sizes, &target).expect("a planner").leanest().memory.total()
    };
    let (said, single) = (smallest(None), smallest(Some(Format::Single)));
    assert_eq!(said, smallest(Some(Format::Bf16)));
    let promised = 448 << 20;
    assert!(said <= promised && promised < single, "{said} and {single} bytes");
}
