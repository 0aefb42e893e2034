//! Models whose values between operations are kept in bfloat16: near single precision, in less memory, the same bits for
//! any number of threads.

use crease_core::ir::{Format, Sizes};
use crease_core::lang::{Options, Settings};
use crease_core::plan::{Plan, Planner, Target};
use crease_models::checkpoint::random_weights;
use crease_runtime::{Checks, Cpu, Executable};

/// A plan of a model, and the leanest one.
fn plans(name: &str, sizes: &[(&str, u64)], precision: Format, target: &Target) -> [Plan; 2] {
    let entry = crease_models::registry().iter().find(|e| e.name == name).expect("a model");
    let options = Options { precision: Some(precision), ..Options::default() };
    let model = (entry.model)().elaborate(&Settings::new(), &options).expect("a graph");
    let mut all: Sizes = model.sizes.clone();
    all.extend(sizes.iter().map(|(axis, size)| ((*axis).to_string(), *size)));
    let planner = Planner::new(&model.graph, &all, target).expect("a planner").holding_weights();
    [planner.plan(None).expect("a plan"), planner.leanest().clone()]
}

/// Every output of a run on numbers made up, one after another.
fn run(plan: &Plan, cpu: &Cpu) -> Vec<Vec<f32>> {
    let weights = random_weights(plan, 1);
    let plan = plan.clone().check().expect("a lawful plan");
    let mut run = Executable::new(&plan, &weights, cpu, Checks { poison: true }).expect("a run");
    for port in &plan.inputs {
        let input = run.input(&port.name).expect("an input");
        input.iter_mut().enumerate().for_each(|(k, x)| *x = ((k * 7919) % 13) as f32 / 6.0 - 1.0);
    }
    run.run().expect("runs");
    plan.outputs.iter().map(|port| run.output(&port.name).expect("an output").to_vec()).collect()
}

/// How far numbers are from others, relative to how far those are from their mean; both root mean squares.
fn apart(found: &[f32], expected: &[f32]) -> f64 {
    let square = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    let mean = expected.iter().map(|x| f64::from(*x)).sum::<f64>() / expected.len() as f64;
    let errors = found.iter().zip(expected).map(|(a, b)| f64::from(*a) - f64::from(*b));
    square(&mut errors.into_iter()) / square(&mut expected.iter().map(|x| f64::from(*x) - mean))
}

#[test]
fn bf16_is_near_and_leaner() {
    let cpu = Cpu::new(Some(2)).expect("this machine");
    for (name, sizes) in [
        ("evoformer_block", &[("S", 40), ("R", 70)][..]),
        ("extra_msa_stack", &[("S", 19), ("R", 21)]),
        ("template_pair_stack", &[("T", 2), ("R", 33)]),
    ] {
        let single = plans(name, sizes, Format::Single, &cpu.target());
        let narrow = plans(name, sizes, Format::Bf16, &cpu.target());
        let expected = run(&single[0], &cpu);
        for plan in &narrow {
            for (found, expected) in run(plan, &cpu).iter().zip(&expected) {
                let apart = apart(found, expected);
                assert!(apart > 0.0 && apart < 0.01, "{name}: {apart} of its spread apart");
            }
        }
        let [single, narrow] = [single, narrow].map(|plans| plans[1].memory.total());
        assert!(narrow < single, "{name}: {narrow} bytes in bf16, {single} in f32");
    }
}

#[test]
fn bf16_gives_the_same_bits_for_any_number_of_threads() {
    let plan = |threads: usize| {
        let cpu = Cpu::new(Some(threads)).expect("this machine");
        // One plan for all: scratch is the most that any needs.
        let target = Cpu::new(Some(7)).expect("this machine").target();
        let [plan, _] = plans("evoformer_block", &[("S", 21), ("R", 37)], Format::Bf16, &target);
        run(&plan, &cpu).concat().into_iter().map(f32::to_bits).collect::<Vec<u32>>()
    };
    let one = plan(1);
    for threads in [2, 3, 7] {
        assert_eq!(plan(threads), one, "{threads} threads");
    }
}
