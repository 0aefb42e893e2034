//! Plans of the Evoformer block: how small they get, and that more memory never costs time.

use std::collections::BTreeMap;

use crease_core::lang::{Model, Options, Settings};
use crease_core::plan::{InstructionSet, Planner, Target, naive_peak};

/// The block's planner at a size, and the peak of its naive program without weights.
fn block(s: u64, r: u64) -> (Planner, u64) {
    let model = crease_models::evoformer::evoformer::evoformer_block();
    let model = model.elaborate(&Settings::new(), &Options::default()).expect("a graph");
    let mut sizes = model.sizes.clone();
    sizes.extend([("S".to_string(), s), ("R".to_string(), r)]);
    let target = Target::shipped(InstructionSet::Avx512, 2);
    let planner = Planner::new(&model.graph, &sizes, &target).expect("a planner");
    (planner, naive_peak(&model.graph, &sizes).expect("a peak"))
}

#[test]
fn the_smallest_state_peak_is_a_fraction_of_the_naive_programs() {
    for (s, r, percent) in [(128, 256, 30), (512, 1024, 10), (512, 2048, 3)] {
        let (planner, naive) = block(s, r);
        let least = planner.leanest().memory.arena;
        assert!(least * 100 < naive * percent, "s={s} r={r}: {least} of {naive} bytes");
    }
}

/// The floor of triangle multiplication is two pair representations beside the alignment's; the block
/// comes within four fifths of one of m and z together.
#[test]
fn the_smallest_state_peak_is_near_the_state_itself() {
    let (s, r) = (512, 2048);
    let state = 4 * (s * r * 256 + r * r * 128);
    let least = block(s, r).0.leanest().memory.arena;
    assert!(least * 10 <= state * 18, "{least} bytes where the state has {state}");
}

#[test]
fn a_larger_budget_never_costs_time() {
    let (planner, _) = block(128, 256);
    let (least, most) = (planner.leanest().memory.total(), planner.plan(None).expect("a plan").memory.total());
    let mut last = u64::MAX;
    for k in 0..=40 {
        let budget = least + (most - least) * k / 40;
        let plan = planner.plan(Some(budget)).expect("a plan");
        assert!(plan.memory.total() <= budget, "{} of {budget} bytes", plan.memory.total());
        assert!(plan.time <= last, "at {budget} bytes {} ns, with less {last}", plan.time);
        last = plan.time;
    }
}

/// Turns of a loop read the same weights, and so do the encoders of two chains.
#[test]
fn a_plan_holds_each_weight_once() {
    let check = |model: Model, axes: &[(&str, u64)]| {
        let elaborated = model.elaborate(&Settings::new(), &Options::default()).expect("a graph");
        let mut sizes = elaborated.sizes.clone();
        sizes.extend(axes.iter().map(|(name, size)| (name.to_string(), *size)));
        let target = Target::shipped(InstructionSet::Avx512, 2);
        let plan = Planner::new(&elaborated.graph, &sizes, &target).expect("a planner").plan(None).expect("a plan");
        let bytes = |shape: &[u64]| 4 * shape.iter().product::<u64>();
        let read = plan.params.values().flat_map(|p| p.names().into_iter().map(|name| (name, bytes(&p.shape))));
        let expected: u64 = BTreeMap::from_iter(read).values().sum();
        assert_eq!(plan.memory.weights, expected, "{}", plan.name);
    };
    check(crease_models::evoformer::evoformer::evoformer_stack(), &[("S", 8), ("R", 16)]);
    check(crease_models::structure_module::structure_module::structure_module(), &[("R", 16)]);
    check(crease_models::antibody::antibody::antibody_pair(), &[("A", 14), ("B", 12)]);
}
