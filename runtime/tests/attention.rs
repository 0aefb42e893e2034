//! Attention under every budget: rows, queries and keys in chunks give the oracle's answer.

use crease_core::build::{Builder, EinsumSpec};
use crease_core::ir::{Binary, Graph, Sizes, Unary};
use crease_core::kernel::Kernel;
use crease_core::plan::Planner;
use crease_core::random::{Choices, tensors};
use crease_runtime::Cpu;
use crease_runtime::conformance::Expected;

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
        let given = tensors(&graph, &sizes, &mut Choices::new(9)).unwrap();
        let expected = Expected::new(&graph, &sizes, &given).unwrap();
        let planner = Planner::new(&graph, &sizes, &target).unwrap();
        let (least, most) = (planner.leanest().memory.total(), planner.plan(None).unwrap().memory.total());
        for step in 0..=6 {
            let plan = planner.plan(Some(least + most.saturating_sub(least) * step / 6)).unwrap();
            let running = |kernel: &Kernel| matches!(kernel, Kernel::Attend(a) if a.running.is_some());
            sliced += usize::from(plan.kernels.iter().any(running));
            expected.check(&plan, &cpu).unwrap_or_else(|e| panic!("{e}:\n{plan}"));
        }
    }
    assert!(sliced > 0, "no plan takes the keys slice by slice");
}
