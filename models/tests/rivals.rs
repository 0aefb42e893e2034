//! The rivals' plans of a block are real: they run, and give the oracle's answer.

use crease_core::ir::Sizes;
use crease_core::lang::{Options, Settings};
use crease_core::plan::baselines::{Region, autochunk, fixed, naive, written};
use crease_core::plan::{Plan, Planner};
use crease_core::random::{Choices, tensors};
use crease_runtime::Cpu;
use crease_runtime::conformance::Expected;

#[test]
fn plans_of_rivals_give_the_answer_of_the_oracle() {
    let model = crease_models::evoformer::evoformer::evoformer_block();
    let mut settings = Settings::new();
    for (name, width) in [("C_M", 16u64), ("C_Z", 8), ("C_HIDDEN_MSA", 4), ("HEADS_MSA", 2)] {
        settings.set(name, width);
    }
    let model = model.elaborate(&settings, &Options::default()).expect("a graph");
    let sizes: Sizes = model.sizes.clone().into_iter().chain([("S".into(), 6), ("R".into(), 9)]).collect();
    let cpu = Cpu::new(Some(2)).expect("this machine");
    let target = cpu.target();
    let given = tensors(&model.graph, &sizes, &mut Choices::new(3)).expect("sizes that fit");
    let expected = Expected::new(&model.graph, &sizes, &given).expect("an answer");
    let check = |name: &str, plan: &Plan| expected.check(plan, &cpu).unwrap_or_else(|e| panic!("{name}: {e}\n{plan}"));

    let region = |first: &str, last: &str, axis| Region { first: first.into(), last: last.into(), axis, chunk: 2 };
    let regions = [
        region("msa_att_row", "m", 0),
        region("msa_att_col", "m", 1),
        region("msa_transition", "m", 0),
        region("outer_product_mean.outer", "z", 0),
        region("pair_stack.tri_att_start", "pair_stack.z", 0),
        region("pair_stack.tri_att_end", "pair_stack.z", 1),
        region("pair_stack.pair_transition", "z", 0),
    ];
    let rows = fixed(&model.graph, &sizes, &target, &regions).expect("a plan");
    let whole = naive(&model.graph, &sizes, &target).expect("a plan");
    assert!(rows.memory.arena < whole.memory.arena && rows.time > whole.time);
    check("rows", &rows);
    check("naive", &whole);
    check("written", &written(&model.graph, &sizes, &target).expect("a plan"));
    let least = autochunk(&model.graph, &sizes, &target, None).expect("a plan");
    assert!(least.regions > 1, "{} regions", least.regions);
    check("autochunk", &least.plan);
    let own = Planner::new(&model.graph, &sizes, &target).expect("a planner");
    assert!(own.leanest().memory.arena <= rows.memory.arena.min(least.plan.memory.arena));
}
