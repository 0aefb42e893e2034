//! Where AutoChunk's published search does not keep a budget, Crease keeps it or refuses.

use crease_core::builder::{Builder, EinsumSpec};
use crease_core::ir::{Graph, Sizes, Unary};
use crease_core::plan::baselines::{AutoChunk, Stop, autochunk, naive};
use crease_core::plan::{InstructionSet, PlanError, Planner, Target};

fn target() -> Target {
    Target::shipped(InstructionSet::Avx512, 2)
}

fn sizes(all: &[(&str, u64)]) -> Sizes {
    all.iter().map(|(name, size)| ((*name).to_string(), *size)).collect()
}

/// The rival's plan, which may hold more than the budget, after Crease has kept it or refused.
fn both(graph: &Graph, sizes: &Sizes, budget: u64) -> AutoChunk {
    let planner = Planner::new(graph, sizes, &target()).expect("a planner");
    match planner.plan(Some(budget)) {
        Ok(plan) => {
            assert!(plan.memory.total() <= budget, "{} of {budget} bytes", plan.memory.total());
            plan.verify().expect("a lawful plan");
        }
        Err(PlanError::Budget { smallest, .. }) => assert!(smallest > budget, "{smallest} fits {budget}"),
        Err(error) => panic!("{error}"),
    }
    let found = autochunk(graph, sizes, &target(), Some(budget)).expect("a plan");
    found.plan.verify().expect("a lawful plan");
    found
}

/// The fullest operation makes a matrix that is summed over both axes: no axis flows through.
#[test]
fn a_chain_that_ends_in_a_sum_has_no_legal_region_and_a_loop_of_ours() {
    let mut b = Builder::new("sum");
    let (x, y) = (b.input("x", vec!["A".into(), "C".into()]), b.input("y", vec!["B".into(), "C".into()]));
    let letters = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
    let spec = EinsumSpec { operands: vec![letters("ac"), letters("bc")], result: letters("ab") };
    let product = b.einsum(&spec, &[x, y]).expect("a product");
    let sum = b.sum(product, &[0, 1]).expect("a sum");
    b.output("sum", sum);
    let (graph, sizes) = (b.finish(), sizes(&[("A", 4096), ("B", 4096), ("C", 8)]));
    let budget = 16 << 20;
    let found = both(&graph, &sizes, budget);
    assert_eq!(found.stop, Stop::NoRegion);
    assert!(found.plan.memory.total() > budget, "{} bytes", found.plan.memory.total());
    let planner = Planner::new(&graph, &sizes, &target()).expect("a planner");
    let own = planner.plan(Some(budget)).expect("a budget that is kept");
    assert!(own.memory.total() <= budget);
}

/// Its search halves an interval and answers with a size that it has not tried.
#[test]
fn a_size_that_was_not_tried_is_over_the_budget_and_ours_is_not() {
    let mut b = Builder::new("perceptron");
    let x = b.input("x", vec!["A".into(), "C".into()]);
    let (up, down) = (b.param("up", vec!["H".into(), "C".into()]), b.param("down", vec!["C".into(), "H".into()]));
    let hidden = b.linear(x, up, None).expect("a layer");
    let hidden = b.unary(Unary::Sigmoid, hidden);
    let result = b.linear(hidden, down, None).expect("a layer");
    b.output("result", result);
    let (graph, sizes) = (b.finish(), sizes(&[("A", 1000), ("C", 64), ("H", 1 << 14)]));
    let whole = naive(&graph, &sizes, &target()).expect("a plan").memory;
    let mut over = 0;
    for part in 1..40 {
        let budget = whole.weights + whole.arena * part / 160;
        let found = both(&graph, &sizes, budget);
        if let Stop::Overshot { chunk } = found.stop {
            assert!(found.plan.memory.total() > budget, "{chunk} fits {budget} bytes after all");
            over += 1;
        }
    }
    assert!(over > 0, "every size fits");
}
