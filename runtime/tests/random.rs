//! Random small graphs, sizes and budgets: every plan that runs gives the oracle's answer, inside
//! its budget, touching nothing outside its arena.

use crease_core::build::{Builder, EinsumSpec};
use crease_core::ir::{Binary, Extent, Graph, Sizes, Unary, ValueId};
use crease_core::oracle::{Tensor, Tensors, evaluate, layer_name};
use crease_core::plan::{PlanError, Planner};
use crease_runtime::{Checks, Cpu, Executable, Weights};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Choices of a generator, drawn by proptest so that failures shrink.
struct Choices<'a>(std::slice::Iter<'a, u32>);

impl Choices<'_> {
    fn next(&mut self, below: usize) -> usize {
        self.0.next().map_or(0, |x| *x as usize % below.max(1))
    }
}

const AXES: [&str; 3] = ["A", "B", "C"];

/// One more operation on any earlier value.
fn step(b: &mut Builder, values: &mut Vec<ValueId>, c: &mut Choices<'_>, param: &mut usize) {
    let x = values[c.next(values.len())];
    let shape = b.shape(x).to_vec();
    let rank = shape.len();
    let axis = c.next(rank);
    let letter = |e: &Extent| e.to_string().to_lowercase();
    let made = match c.next(13) {
        0 => Some(b.unary([Unary::Sigmoid, Unary::Relu, Unary::Tanh, Unary::Neg][c.next(4)], x)),
        1 => {
            let y = values[c.next(values.len())];
            b.binary([Binary::Add, Binary::Mul, Binary::Sub, Binary::Max][c.next(4)], x, y).ok()
        }
        2 | 3 => {
            let y = values[c.next(values.len())];
            let (xs, ys) = (b.shape(x).to_vec(), b.shape(y).to_vec());
            let letters = |s: &[Extent]| s.iter().map(letter).collect::<Vec<_>>();
            let (xl, yl) = (letters(&xs), letters(&ys));
            let unique = |l: &[String]| (1..l.len()).all(|k| !l[..k].contains(&l[k]));
            let mut all = xl.clone();
            all.extend(yl.iter().filter(|l| !xl.contains(l)).cloned());
            let gone = c.next(all.len() + 1);
            let result: Vec<String> =
                all.iter().enumerate().filter(|(k, _)| *k != gone).map(|(_, l)| l.clone()).collect();
            let fine = unique(&xl) && unique(&yl) && result.len() <= 4;
            fine.then(|| b.einsum(&EinsumSpec { operands: vec![xl, yl], result }, &[x, y]).ok()).flatten()
        }
        4 if rank > 1 => b.sum(x, &[axis]).ok(),
        5 if rank > 1 => b.max(x, &[axis]).ok(),
        6 if rank > 0 => b.softmax(x, axis).ok(),
        // A small ε would make 32-bit noise around a row of equal elements as large as an answer.
        7 if rank > 0 => b.layer_norm(x, None, None, 0.05).ok(),
        8 if rank > 1 => {
            let mut order: Vec<usize> = (0..rank).collect();
            order.rotate_left(1 + c.next(rank - 1));
            b.permute(x, &order).ok()
        }
        9 if rank > 0 => {
            *param += 1;
            let (name, width) = (format!("w{param}"), shape[rank - 1].clone());
            let out: Extent = AXES[c.next(3)].into();
            let (weight, bias) = (
                b.param(format!("{name}.weight"), vec![out.clone(), width]),
                b.param(format!("{name}.bias"), vec![out]),
            );
            b.linear(x, weight, Some(bias)).ok()
        }
        10 if rank > 0 && rank < 4 => b.concat(&[x, x], axis).ok(),
        11 if rank > 1 && rank < 4 => b.join(x, c.next(rank - 1)).ok(),
        12 if rank > 0 && rank < 4 => b.mean(x, &[axis]).ok().and_then(|y| {
            if rank == 1 {
                return None;
            }
            let y = b.unsqueeze(y, axis).ok()?;
            b.binary(Binary::Sub, x, y).ok()
        }),
        _ => None,
    };
    if let Some(value) = made.filter(|v| b.shape(*v).len() <= 4) {
        values.push(value);
    }
}

fn random_graph(choices: &[u32]) -> Graph {
    let mut c = Choices(choices.iter());
    let mut b = Builder::new("random");
    let mut values = Vec::new();
    for k in 0..1 + c.next(3) {
        let rank = 1 + c.next(3);
        let shape = (0..rank).map(|_| AXES[c.next(3)].into()).collect();
        values.push(b.input(format!("x{k}"), shape));
    }
    let mut param = 0;
    let layered = c.next(4) == 0;
    for _ in 0..2 + c.next(9) {
        step(&mut b, &mut values, &mut c, &mut param);
    }
    if layered {
        let (carried, other) = (values[c.next(values.len())], values[c.next(values.len())]);
        let made = b.repeat::<crease_core::build::Fault>(3.into(), &[carried], &[other], |b, state, others| {
            let mut values = vec![state[0], others[0]];
            let mut layer = 100;
            for _ in 0..3 {
                step(b, &mut values, &mut c, &mut layer);
            }
            let shape = b.shape(state[0]).to_vec();
            let same = values.iter().rev().copied().find(|v| b.shape(*v) == shape);
            let scale = b.param("layers.{}.scale", vec![]);
            let next = b.binary(Binary::Mul, same.unwrap_or(state[0]), scale)?;
            Ok(vec![next])
        });
        values.extend(made.unwrap_or_default());
    }
    let last = *values.last().unwrap();
    b.output("last", last);
    let other = values[c.next(values.len())];
    b.output("other", other);
    b.finish()
}

fn noise(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    f64::from(((*seed >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 2.0)
}

fn random_tensors(graph: &Graph, sizes: &Sizes, seed: u64, into: &mut Tensors, layers: u64) {
    let mut seed = seed;
    let mut all: Vec<(String, Vec<u64>)> = Vec::new();
    for port in graph.inputs.iter().chain(&graph.params) {
        let shape = graph.shape(port.value, sizes).unwrap();
        for layer in 0..if port.name.contains("{}") { layers } else { 1 } {
            all.push((layer_name(&port.name, &[layer]), shape.clone()));
        }
    }
    for node in &graph.nodes {
        if let crease_core::ir::Op::Repeat(repeat) = &node.op {
            let body = Graph { inputs: vec![], ..repeat.body.clone() };
            random_tensors(&body, sizes, seed ^ 0x55, into, 3);
        }
    }
    for (name, shape) in all {
        let mut tensor = Tensor::filled(shape, 0.0);
        tensor.data.iter_mut().for_each(|x| *x = noise(&mut seed));
        into.insert(name, tensor);
    }
}

fn close(found: &[f32], expected: &[f64]) -> Result<(), String> {
    let scale = expected.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    for (k, (&f, &e)) in found.iter().zip(expected).enumerate() {
        let same = (f64::from(f) - e).abs() <= 2e-4 * scale || (f.is_nan() && e.is_nan()) || f64::from(f) == e;
        // Beyond what 32 bits hold the answer is infinite, and what follows from it anything.
        if !same && (e as f32).is_finite() {
            return Err(format!("element {k} is {f}, expected {e}"));
        }
    }
    if found.len() == expected.len() {
        Ok(())
    } else {
        Err(format!("{} elements, expected {}", found.len(), expected.len()))
    }
}

fn check(cpu: &Cpu, choices: &[u32], extents: [u64; 3], tightness: u64, seed: u64) -> Result<(), String> {
    let graph = random_graph(choices);
    crease_core::ir::check_graph(&graph).map_err(|e| e.to_string())?;
    let sizes: Sizes = AXES.iter().map(|a| (*a).to_string()).zip(extents).collect();
    let mut tensors = Tensors::new();
    random_tensors(&graph, &sizes, seed, &mut tensors, 3);
    let expected = evaluate(&graph, &sizes, &tensors).map_err(|e| e.to_string())?;
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
    let mut weights = Weights::new("the test");
    for (name, tensor) in &tensors {
        let data = tensor.data.iter().map(|x| *x as f32).collect();
        weights.insert(name.clone(), tensor.shape.iter().map(|e| *e as usize).collect(), data);
    }
    for budget in [None, Some(lean), Some(lean + (full - lean) * tightness / 8)] {
        let plan = planner.plan(budget).map_err(|e| e.to_string())?;
        let context = |e: String| format!("budget {budget:?}: {e}\n{graph}\n{plan}");
        if budget.is_some_and(|b| plan.memory.total() > b) {
            return Err(context("the plan is over its budget".into()));
        }
        let mut run =
            Executable::new(&plan, &weights, cpu, Checks { poison: true }).map_err(|e| context(e.to_string()))?;
        for _ in 0..2 {
            for port in &graph.inputs {
                let data: Vec<f32> = tensors[&port.name].data.iter().map(|x| *x as f32).collect();
                run.set_input(&port.name, &data).map_err(|e| context(e.to_string()))?;
            }
            run.run().map_err(|e| context(e.to_string()))?;
            for (name, tensor) in &expected {
                close(run.output(name).unwrap(), &tensor.data).map_err(|e| context(format!("{name}: {e}")))?;
            }
        }
    }
    Ok(())
}

#[test]
fn every_plan_gives_the_answer_of_the_oracle() {
    let cases = std::env::var("CREASE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(600);
    let cpu = Cpu::new(Some(2)).unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let extent = || prop_oneof![1 => Just(0u64), 2 => Just(1u64), 12 => 2u64..9, 3 => 9u64..20];
    let input = (prop::collection::vec(any::<u32>(), 80), [extent(), extent(), extent()], 0u64..8, any::<u64>());
    runner
        .run(&input, |(choices, extents, tightness, seed)| {
            check(&cpu, &choices, extents, tightness, seed).map_err(TestCaseError::fail)
        })
        .unwrap_or_else(|e| panic!("{e}"));
}
