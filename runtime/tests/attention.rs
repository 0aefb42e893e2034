//! Attention under every budget: rows, queries and keys in chunks give the oracle's answer.

use crease_core::builder::{Builder, EinsumSpec};
use crease_core::ir::{Binary, Graph, Sizes, Unary, ValueId};
use crease_core::kernel::Kernel;
use crease_core::plan::{Length, Plan, Planner};
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
    let einsum = |b: &mut Builder, text: &str, x: &[ValueId]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
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

/// Causal attention of queries, keys and values that are computed from the same input, or of queries of their own.
fn causal(own: bool) -> Graph {
    let mut b = Builder::new("causal");
    let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
    let x = b.input("x", shape(&["K", "D"]));
    let from = if own { b.input("q", shape(&["Q", "D"])) } else { x };
    let einsum = |b: &mut Builder, text: &str, x: &[ValueId]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
    let [q, k, v] = [("wq", from), ("wk", x), ("wv", x)].map(|(name, x)| {
        let weight = b.param(name, shape(&["H", "D", "D"]));
        let y = einsum(&mut b, "kd,hde->khe", &[x, weight]);
        b.unary(Unary::Tanh, y)
    });
    let logits = einsum(&mut b, "qhd,khd->hqk", &[q, k]);
    let logits = b.causal(logits, 1, 2).unwrap();
    let weights = b.softmax(logits, 2).unwrap();
    let out = einsum(&mut b, "hqk,khd->qhd", &[weights, v]);
    b.output("out", out);
    b.finish()
}

/// Whether a causal attention's queries come in chunks somewhere in a plan, and whether its keys do.
fn chunked(plan: &Plan) -> [bool; 2] {
    plan.calls().fold([false; 2], |[queries, keys], (call, _)| {
        let more = match &plan.kernels[call.kernel] {
            Kernel::Attend(attend) => {
                [attend.causal.unwrap(), attend.key].map(|index| matches!(call.lengths[index], Length::Chunk(_)))
            }
            _ => [false; 2],
        };
        [queries | more[0], keys | more[1]]
    })
}

#[test]
fn causal_attention_under_every_budget_is_causal() {
    let cpu = Cpu::new(Some(2)).unwrap();
    let mut target = cpu.target();
    target.call = 0;
    let mut seen = [false; 2];
    for (own, q, k, h, d) in [
        (false, 0, 700, 2, 8),
        (false, 0, 1300, 1, 5),
        (true, 900, 300, 1, 3),
        (true, 40, 3000, 2, 4),
        (true, 3, 9, 3, 2),
        (true, 5, 0, 1, 2),
    ] {
        let graph = causal(own);
        let sizes: Sizes = [("Q", q), ("K", k), ("H", h), ("D", d)].map(|(n, e)| (n.to_string(), e)).into();
        let given = tensors(&graph, &sizes, &mut Choices::new(9)).unwrap();
        let expected = Expected::new(&graph, &sizes, &given).unwrap();
        let planner = Planner::new(&graph, &sizes, &target).unwrap();
        let (least, most) = (planner.leanest().memory.total(), planner.plan(None).unwrap().memory.total());
        for step in 0..=6 {
            let plan = planner.plan(Some(least + most.saturating_sub(least) * step / 6)).unwrap();
            let chunks = chunked(&plan);
            seen = [seen[0] | chunks[0], seen[1] | chunks[1]];
            expected.check(&plan, &cpu).unwrap_or_else(|e| panic!("{e}:\n{plan}"));
        }
    }
    assert_eq!(seen, [true; 2], "no plan takes the queries, or none the keys, chunk by chunk");
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
            sliced += usize::from(plan.kernels.values().any(running));
            expected.check(&plan, &cpu).unwrap_or_else(|e| panic!("{e}:\n{plan}"));
        }
    }
    assert!(sliced > 0, "no plan takes the keys slice by slice");
}
