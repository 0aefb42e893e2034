//! Weights of a stack under budgets that cannot hold them all: streamed layer by layer, with the same numbers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crease_core::ir::{Graph, Sizes};
use crease_core::lang::{Options, Settings};
use crease_core::plan::{Base, Call, Checked, InstructionSet, Place, Plan, Planner, Step, Target};
use crease_models::checkpoint::Written;
use crease_models::output::OutputFile;
use crease_runtime::{Checks, Cpu, Event, Executable, RunError, Weights, WeightsError};

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

fn ready<'a>(cpu: &'a Cpu, plan: &'a Checked<Plan>, weights: &'a Weights) -> Executable<'a, Cpu> {
    let mut run = Executable::new(plan, weights, cpu, Checks { poison: true }).expect("an executable");
    for port in &plan.inputs {
        let input = run.input(&port.name).expect("an input");
        input.iter_mut().enumerate().for_each(|(k, x)| *x = ((k * 7 % 23) as f32 - 11.0) / 16.0);
    }
    run
}

fn run(cpu: &Cpu, plan: &Plan, weights: &Weights) -> Vec<Vec<f32>> {
    let plan = plan.clone().check().expect("a lawful plan");
    let mut run = ready(cpu, &plan, weights);
    run.run().expect("a run");
    plan.outputs.iter().map(|port| run.output(&port.name).expect("an output").to_vec()).collect()
}

/// Numbers for every weight of a plan, in memory and in a file.
fn weights(plan: &Plan) -> (Weights, tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("weights.safetensors");
    let names = plan.params.values().flat_map(|p| p.names().into_iter().map(move |name| (name, p.shape.as_slice())));
    let numbers = |k: usize, shape: &[u64]| {
        let count = shape.iter().product::<u64>() as usize;
        (0..count).map(|n| (((n + 31 * k) * 37 % 101) as f32 - 50.0) / 300.0).collect::<Vec<f32>>()
    };
    let tensors: Vec<_> = names.enumerate().map(|(k, (name, shape))| (name, shape, numbers(k, shape))).collect();
    let written: Vec<Written<'_>> =
        tensors.iter().map(|(name, shape, data)| (name.clone(), *shape, &data[..])).collect();
    OutputFile::new(&path).expect("a place").write_tensors(&written, &BTreeMap::new()).expect("written");
    let mut weights = Weights::new("given tensors");
    for (name, shape, data) in tensors {
        weights.insert(name, shape.iter().map(|extent| *extent as usize).collect(), data);
    }
    (weights, folder, path)
}

#[test]
fn a_budget_below_the_weights_streams_them() {
    let (graph, sizes) = stack();
    let cpu = Cpu::new(Some(2)).expect("a processor");
    let planner = Planner::new(&graph, &sizes, &cpu.target()).expect("a planner");
    let (held, leanest) = (planner.plan(None).expect("a plan"), planner.leanest().clone());
    let whole: u64 = held.params.values().map(|p| p.bytes()).sum();
    assert_eq!(held.memory.weights, whole);
    assert!(leanest.memory.weights * 4 < whole, "{} of {whole} bytes of weights are held", leanest.memory.weights);
    assert!(leanest.params.values().any(|p| p.streamed));
    assert!(planner.plan(Some(leanest.memory.total() - 1)).is_err());
    let holding = Planner::new(&graph, &sizes, &cpu.target()).expect("a planner").holding_weights();
    assert_eq!(holding.leanest().memory.weights, whole);
    assert!(holding.plan(Some(leanest.memory.total())).is_err());
    let (made, _folder, path) = weights(&held);
    let filed = Weights::open(&path).expect("weights");
    assert!(filed.are_in_file(|_| true) && !made.are_in_file(|_| true));
    let all = run(&cpu, &held, &made);
    assert_eq!(all, run(&cpu, &held, &filed));
    for (x, y) in all.iter().flatten().zip(run(&cpu, &leanest, &filed).iter().flatten()) {
        assert!((x - y).abs() <= 1e-4 * x.abs().max(1.0), "{x} held and {y} streamed");
    }
    // Weights in memory stay there: such a run would hold more than its plan says.
    let leanest = leanest.check().expect("a lawful plan");
    let refused = Executable::new(&leanest, &made, &cpu, Checks::default()).map(drop);
    assert!(matches!(refused, Err(RunError::Weights(WeightsError::Held { .. }))), "{refused:?}");
}

/// Every call of some steps, however deep.
fn each_call(steps: &mut [Step], change: &mut dyn FnMut(&mut Call)) {
    for step in steps {
        match step {
            Step::Call(call) => change(call),
            Step::Chunk { body, .. } | Step::Layers { body, .. } => each_call(body, change),
        }
    }
}

#[test]
fn streamed_weights_are_only_copied() {
    let (graph, sizes) = stack();
    let cpu = Cpu::new(Some(2)).expect("a processor");
    let mut plan = Planner::new(&graph, &sizes, &cpu.target()).expect("a planner").leanest().clone();
    let mut copied = None;
    let params = plan.params.clone();
    each_call(&mut plan.steps, &mut |call| match copied {
        None if matches!(call.operands[..], [Place { base: Base::Param(param), .. }] if params[param].streamed) => {
            copied = Some((call.operands[0].base, call.results[0].base));
        }
        Some((param, slot)) if call.operands.len() > 1 => {
            call.operands.iter_mut().filter(|place| place.base == slot).for_each(|place| place.base = param);
        }
        _ => {}
    });
    let (_, _folder, path) = weights(&plan);
    let filed = Weights::open(&path).expect("weights");
    let plan = plan.check().expect("it stays inside its memory");
    let refused = Executable::new(&plan, &filed, &cpu, Checks::default()).map(drop).expect_err("it is no copy");
    assert!(refused.to_string().contains("reads a streamed weight, which can only be copied"), "{refused}");
}

#[test]
fn a_file_that_is_cut_during_a_run_ends_the_run_with_an_error() {
    let (graph, sizes) = stack();
    let cpu = Cpu::new(Some(2)).expect("a processor");
    let planner = Planner::new(&graph, &sizes, &cpu.target()).expect("a planner");
    let plan = planner.leanest().clone().check().expect("a lawful plan");
    let (_, _folder, path) = weights(&plan);
    let filed = Weights::open(&path).expect("weights");
    let mut executable = ready(&cpu, &plan, &filed);
    executable.run().expect("the file is whole");
    let mut layers = 0;
    let cut = executable.run_with(&mut |event| {
        if let Event::Layer(progress) = event {
            layers = progress.layers_done;
            let file = std::fs::OpenOptions::new().write(true).open(&path).expect("it is there");
            file.set_len(10_000).expect("cut");
        }
    });
    let error = cut.expect_err("the second layer is gone").to_string();
    assert_eq!(layers, 1);
    let words = ["weights.safetensors: tensor `blocks.1.", "of a file that now has 10000 (was it cut short?)"];
    assert!(words.iter().all(|words| error.contains(words)), "{error}");
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
