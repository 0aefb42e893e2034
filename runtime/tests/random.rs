//! Random small graphs, sizes and budgets: every plan that runs gives the oracle's answer, inside
//! its budget, touching nothing outside its arena.

use crease_core::ir::Format;
use crease_core::plan::baselines::{Exhaustive, RivalError, naive};
use crease_core::plan::{PlanError, Planner};
use crease_core::random::{Choices, graph, tensors};
use crease_runtime::Cpu;
use crease_runtime::conformance::Expected;

fn check(cpu: &Cpu, seed: u64) -> Result<(), String> {
    let mut choices = Choices::new(seed);
    let graph = graph(&mut choices, (2, 11), true);
    crease_core::ir::check_graph(&graph).map_err(|e| e.to_string())?;
    let sizes = choices.sizes();
    let given = tensors(&graph, &sizes, &mut choices).map_err(|e| e.to_string())?;
    let expected = Expected::new(&graph, &sizes, &given)?;
    let mut target = cpu.target();
    // A machine where kernels start for free chunks eagerly: more loops are seen.
    target.call = 0;
    let planner = Planner::new(&graph, &sizes, &target).map_err(|e| e.to_string())?;
    let (lean, full) =
        (planner.leanest().memory.total(), planner.plan(None).map_err(|e| e.to_string())?.memory.total());
    if full < lean {
        return Err(format!("the fastest plan holds {full} bytes, the leanest {lean}"));
    }
    if lean > 0 {
        match planner.plan(Some(lean - 1)) {
            Err(PlanError::Budget { smallest, .. }) if smallest == lean => {}
            other => return Err(format!("a budget below the smallest gives {:?}", other.map(|p| p.memory))),
        }
    }
    let between = lean + (full - lean) * choices.next(8) as u64 / 8;
    for budget in [None, Some(lean), Some(between)] {
        let plan = planner.plan(budget).map_err(|e| e.to_string())?;
        let context = |e: String| format!("budget {budget:?}: {e}\n{graph}\n{plan}");
        if budget.is_some_and(|b| plan.memory.total() > b) {
            return Err(context("the plan is over its budget".into()));
        }
        expected.check(&plan, cpu).map_err(context)?;
    }
    // What the planner is measured against is real: it runs too.
    let context = |e: String, rival: &str| format!("{rival}: {e}\n{graph}");
    match naive(&graph, &sizes, &target) {
        Ok(plan) => expected.check(&plan, cpu).map_err(|e| context(e, "naive"))?,
        Err(RivalError::Layers) => return Ok(()),
        Err(e) => return Err(e.to_string()),
    }
    if let Some(all) = Exhaustive::new(&graph, &sizes, &target).map_err(|e| e.to_string())? {
        let plans = [all.leanest(), all.best(u64::MAX)];
        for plan in plans.iter().flatten() {
            expected.check(plan, cpu).map_err(|e| context(format!("{e}\n{plan}"), "exhaustive"))?;
        }
    }
    Ok(())
}

/// Plans where values between operations may be kept in fewer bits: how many of them do.
fn check_narrow(cpu: &Cpu, seed: u64) -> Result<usize, String> {
    let mut choices = Choices::new(seed);
    let mut graph = graph(&mut choices, (2, 11), true);
    let sizes = choices.sizes();
    let given = tensors(&graph, &sizes, &mut choices).map_err(|e| e.to_string())?;
    // A few roundings to eight bits.
    let expected = Expected::new(&graph, &sizes, &given)?.within(0.02);
    graph.precision = Format::Bf16;
    let mut target = cpu.target();
    target.call = 0;
    let planner = Planner::new(&graph, &sizes, &target).map_err(|e| e.to_string())?;
    let mut narrow = 0;
    for budget in [None, Some(planner.leanest().memory.total())] {
        let plan = planner.plan(budget).map_err(|e| e.to_string())?;
        expected.check(&plan, cpu).map_err(|e| format!("budget {budget:?}: {e}\n{graph}\n{plan}"))?;
        narrow += usize::from(plan.kernels.values().any(|k| k.results().iter().any(|s| !s.format.is_single())));
    }
    Ok(narrow)
}

fn cases() -> u64 {
    std::env::var("CREASE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(600)
}

#[test]
fn plans_in_fewer_bits_round_and_do_nothing_else() {
    let cpu = Cpu::new(Some(2)).expect("this machine");
    let narrow = (0..cases()).map(|seed| check_narrow(&cpu, seed).unwrap_or_else(|e| panic!("seed {seed}: {e}")));
    let narrow: usize = narrow.sum();
    // Few random graphs have a product that another product reads, and only such values are narrow.
    assert!(narrow as u64 > cases() / 40, "only {narrow} plans keep anything in fewer bits");
}

#[test]
fn every_plan_gives_the_answer_of_the_oracle() {
    let cpu = Cpu::new(Some(2)).expect("this machine");
    for seed in 0..cases() {
        check(&cpu, seed).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    }
}
