//! Weights of a stack under budgets that cannot hold them all: streamed layer by layer, with the same numbers.

use crease_core::ir::{Graph, Sizes};
use crease_core::lang::{Options, Settings};
use crease_core::plan::{InstructionSet, Plan, Planner, Target};
use crease_models::checkpoint::{OutputFile, Written, random_weights};
use crease_runtime::{Checks, Cpu, Executable, RunError, Weights};

/// A narrow stack whose weights outweigh its activations.
fn stack() -> (Graph, Sizes) {
    let settings: Settings = [("BLOCKS", 6_u64), ("C_M", 32), ("C_Z", 32), ("C_S", 16)]
        .map(|(name, value)| (name.to_string(), value.into()))
        .into_iter()
        .collect();
    let model = crease_models::evoformer::evoformer::evoformer_stack();
    let model = model.elaborate(&settings, &Options::default()).expect("a graph");
    let mut sizes = model.sizes.clone();
    sizes.extend([("S".to_string(), 3), ("R".to_string(), 5)]);
    (model.graph, sizes)
}

fn run(cpu: &Cpu, plan: &Plan, weights: &Weights) -> Vec<Vec<f32>> {
    let plan = plan.clone().check().expect("a lawful plan");
    let mut run = Executable::new(&plan, weights, cpu, Checks { poison: true }).expect("an executable");
    for port in &plan.inputs {
        let input = run.input(&port.name).expect("an input");
        input.iter_mut().enumerate().for_each(|(k, x)| *x = ((k * 7 % 23) as f32 - 11.0) / 16.0);
    }
    run.run().expect("a run");
    plan.outputs.iter().map(|port| run.output(&port.name).expect("an output").to_vec()).collect()
}

/// The same weights in a file, which has no name any more.
fn in_file(plan: &Plan, made: &Weights) -> Weights {
    let path = std::env::temp_dir().join(format!("crease-streaming-{}.safetensors", std::process::id()));
    let names = plan.params.iter().flat_map(|param| param.names());
    let output = OutputFile::new(&path).expect("a place to write");
    let tensors: Vec<(String, Vec<u64>, &[f32])> = names
        .map(|name| {
            let (shape, data) = made.get(&name).expect("a weight");
            (name, shape.iter().map(|extent| *extent as u64).collect(), data)
        })
        .collect();
    let written: Vec<Written<'_>> = tensors.iter().map(|(n, shape, data)| (n.clone(), &shape[..], *data)).collect();
    output.write(&written, &Default::default()).expect("a file");
    let weights = Weights::open(&path).expect("weights");
    std::fs::remove_file(&path).expect("removed");
    weights
}

#[test]
fn a_budget_below_the_weights_streams_them() {
    let (graph, sizes) = stack();
    let cpu = Cpu::new(Some(2)).expect("a processor");
    let planner = Planner::new(&graph, &sizes, &cpu.target()).expect("a planner");
    let (held, leanest) = (planner.plan(None).expect("a plan"), planner.leanest().clone());
    let whole: u64 = held.params.iter().map(|p| p.bytes()).sum();
    assert_eq!(held.memory.weights, whole);
    assert!(leanest.memory.weights * 4 < whole, "{} of {whole} bytes of weights are held", leanest.memory.weights);
    assert!(leanest.params.iter().any(|p| p.streamed));
    assert!(planner.plan(Some(leanest.memory.total() - 1)).is_err());
    let holding = Planner::new(&graph, &sizes, &cpu.target()).expect("a planner").holding_weights();
    assert_eq!(holding.leanest().memory.weights, whole);
    assert!(holding.plan(Some(leanest.memory.total())).is_err());
    let made = random_weights(&held, 3);
    let weights = in_file(&held, &made);
    let (all, streamed) = (run(&cpu, &held, &weights), run(&cpu, &leanest, &weights));
    for (x, y) in all.iter().flatten().zip(streamed.iter().flatten()) {
        assert!((x - y).abs() <= 1e-4 * x.abs().max(1.0), "{x} held and {y} streamed");
    }
    // Weights in memory stay there: such a run would hold more than its plan says.
    let leanest = leanest.check().expect("a lawful plan");
    let refused = Executable::new(&leanest, &made, &cpu, Checks::default()).map(drop);
    assert!(matches!(refused, Err(RunError::Held { .. })), "{refused:?}");
}

#[test]
fn along_budgets_with_streamed_weights_time_never_rises() {
    let (graph, sizes) = stack();
    let planner = Planner::new(&graph, &sizes, &Target::shipped(InstructionSet::Avx2, 2)).expect("a planner");
    let (least, most) = (planner.leanest().memory.total(), planner.plan(None).expect("a plan").memory.total());
    let mut last = u64::MAX;
    for step in 0..=40 {
        let budget = least + (most - least) * step / 40;
        let plan = planner.plan(Some(budget)).expect("a plan");
        assert!(plan.memory.total() <= budget && plan.time <= last, "{budget} bytes: {} ns after {last}", plan.time);
        last = plan.time;
    }
}
