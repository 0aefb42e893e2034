//! The plan that a promise was kept with while compiling is the one that runs find again.

use crease_core::lang::{Options, Settings};
use crease_core::plan::{InstructionSet, Target};

#[test]
fn a_promise_is_found_for_its_sizes_and_machine_and_no_others() {
    let block = crease_models::evoformer::evoformer::evoformer_block();
    let elaborated = block.elaborate(&Settings::new(), &Options::default()).expect("a graph");
    let sizes = |s: u64, r: u64| {
        let mut sizes = elaborated.sizes.clone();
        sizes.extend([("S".to_string(), s), ("R".to_string(), r)]);
        sizes
    };
    let budget = 160 << 20;
    let machine = |instructions, threads| Target::shipped(instructions, threads);
    let promised = |s, r, budget, target| block.promised(&elaborated.graph, &sizes(s, r), budget, &target);
    for threads in [1, 2, 8] {
        let plan = promised(128, 256, budget, machine(InstructionSet::Avx2, threads)).expect("a promised plan");
        plan.verify().expect("a lawful plan");
        assert!(plan.memory.total() <= budget);
    }
    assert!(promised(128, 255, budget, machine(InstructionSet::Avx2, 2)).is_none());
    assert!(promised(128, 256, budget + 1, machine(InstructionSet::Avx2, 2)).is_none());
    assert!(promised(128, 256, budget, machine(InstructionSet::Avx512, 2)).is_none());
    assert!(promised(128, 256, budget, machine(InstructionSet::Avx2, 9)).is_none());
    // Another graph: with masks of ones.
    let options = Options { ones: ["pair_mask".to_string()].into(), ..Options::default() };
    let other = block.elaborate(&Settings::new(), &options).expect("a graph");
    assert!(block.promised(&other.graph, &sizes(128, 256), budget, &machine(InstructionSet::Avx2, 2)).is_none());
}
