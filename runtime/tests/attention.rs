//! Attention under every budget: rows, queries and keys in chunks give the oracle's answer.

use crease_core::build::{Builder, EinsumSpec};
use crease_core::ir::{Binary, Graph, Sizes, Unary};
use crease_core::kernel::Kernel;
use crease_core::oracle::{Tensor, Tensors, evaluate};
use crease_core::plan::{Plan, Planner};
use crease_runtime::{Checks, Cpu, Executable, Weights};

/// Attention of few queries over keys and values that are computed, channel by channel, from one long input.
fn graph() -> Graph {
    let mut b = Builder::new("attention");
    let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
    let q = b.input("q", shape(&["Q", "H", "D"]));
    let x = b.input("x", shape(&["K", "D"]));
    let bias = b.input("bias", shape(&["H", "Q", "K"]));
    let (wk, wv) = (b.param("wk", shape(&["H", "D", "D"])), b.param("wv", shape(&["H", "D", "D"])));
    let einsum = |b: &mut Builder, text: &str, x: &[usize]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
    let k = einsum(&mut b, "kd,hde->khe", &[x, wk]);
    let k = b.unary(Unary::Tanh, k);
    let v = einsum(&mut b, "kd,hde->khe", &[x, wv]);
    let v = b.unary(Unary::Sigmoid, v);
    let logits = einsum(&mut b, "qhd,khd->hqk", &[q, k]);
    let logits = b.binary(Binary::Add, logits, bias).unwrap();
    let weights = b.softmax(logits, 2).unwrap();
    let out = einsum(&mut b, "hqk,khd->qhd", &[weights, v]);
    b.output("out", out);
    b.finish()
}

fn tensors(graph: &Graph, sizes: &Sizes) -> Tensors {
    let mut state = 9_u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        f64::from((state >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 2.0
    };
    let ports = graph.inputs.iter().chain(&graph.params);
    ports
        .map(|port| {
            let mut tensor = Tensor::filled(graph.shape(port.value, sizes).unwrap(), 0.0);
            tensor.data.iter_mut().for_each(|x| *x = next());
            (port.name.clone(), tensor)
        })
        .collect()
}

fn check(cpu: &Cpu, graph: &Graph, plan: &Plan, given: &Tensors, expected: &Tensor) {
    let narrow = |t: &Tensor| t.data.iter().map(|x| *x as f32).collect::<Vec<_>>();
    let mut weights = Weights::new("the test");
    for port in &graph.params {
        let tensor = &given[&port.name];
        weights.insert(port.name.clone(), tensor.shape.iter().map(|e| *e as usize).collect(), narrow(tensor));
    }
    let mut run = Executable::new(plan, &weights, cpu, Checks { poison: true }).unwrap();
    for port in &graph.inputs {
        run.set_input(&port.name, &narrow(&given[&port.name])).unwrap();
    }
    run.run().unwrap();
    for (found, expected) in run.output("out").unwrap().iter().zip(&expected.data) {
        assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} where {expected}:\n{plan}");
    }
}

#[test]
fn attention_under_every_budget_is_attention() {
    let cpu = Cpu::new(Some(2)).unwrap();
    let graph = graph();
    // Scratch and the start of a call count for nothing: loops over keys are worth their while.
    let mut target = cpu.target();
    target.call = 0;
    let mut sliced = 0;
    for (q, k, h, d) in [(3, 700, 2, 8), (70, 5000, 1, 5), (1, 4000, 3, 1), (5, 1, 2, 3)] {
        let sizes: Sizes = [("Q", q), ("K", k), ("H", h), ("D", d)].map(|(n, e)| (n.to_string(), e)).into();
        let given = tensors(&graph, &sizes);
        let expected = evaluate(&graph, &sizes, &given).unwrap().remove("out").unwrap();
        let planner = Planner::new(&graph, &sizes, &target).unwrap();
        let (least, most) = (planner.leanest().memory.total(), planner.plan(None).unwrap().memory.total());
        for step in 0..=6 {
            let plan = planner.plan(Some(least + most.saturating_sub(least) * step / 6)).unwrap();
            let running = |kernel: &Kernel| matches!(kernel, Kernel::Attend(a) if a.running.is_some());
            sliced += usize::from(plan.kernels.iter().any(running));
            check(&cpu, &graph, &plan, &given, &expected);
        }
    }
    assert!(sliced > 0, "no plan takes the keys slice by slice");
}
