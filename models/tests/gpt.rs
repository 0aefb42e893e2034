//! GPT-2's block against plain loops that follow its definition.

use crease_core::ir::Sizes;
use crease_core::lang::{Options, Settings};
use crease_core::oracle::{Tensor, Tensors, evaluate};
use crease_core::plan::Planner;
use crease_core::random::{Choices, tensors};
use crease_models::gpt::gpt::gpt_block;
use crease_runtime::Cpu;
use crease_runtime::conformance::Expected;

const HEADS: usize = 3;
const D: usize = 4;
const C: usize = HEADS * D;

/// A row times the transpose of rows from `first` on of a matrix, with a bias.
fn linear(x: &[f64], w: &Tensors, name: &str, rows: std::ops::Range<usize>) -> Vec<f64> {
    let (weight, bias) = (&w[&format!("{name}.weight")].data, &w[&format!("{name}.bias")].data);
    let row = |k: usize| x.iter().zip(&weight[k * x.len()..]).map(|(a, b)| a * b).sum::<f64>() + bias[k];
    rows.map(row).collect()
}

fn norm(x: &[f64], w: &Tensors, name: &str) -> Vec<f64> {
    let mean = x.iter().sum::<f64>() / C as f64;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / C as f64;
    let (scale, offset) = (&w[&format!("{name}.weight")].data, &w[&format!("{name}.bias")].data);
    (0..C).map(|c| (x[c] - mean) / (variance + 1e-5).sqrt() * scale[c] + offset[c]).collect()
}

/// The block, one position after another: none sees those after it.
fn block(w: &Tensors) -> Vec<f64> {
    let mut out = Vec::new();
    let (mut keys, mut values): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (vec![], vec![]);
    for x in w["x"].data.chunks(C) {
        let y = norm(x, w, "ln_1");
        let q = linear(&y, w, "attn.c_attn", 0..C);
        keys.push(linear(&y, w, "attn.c_attn", C..2 * C));
        values.push(linear(&y, w, "attn.c_attn", 2 * C..3 * C));
        let mut attended = vec![0.0; C];
        for head in (0..C).step_by(D) {
            let product = |key: &Vec<f64>| (head..head + D).map(|c| q[c] * key[c]).sum::<f64>();
            let weights: Vec<f64> = keys.iter().map(|key| (product(key) / (D as f64).sqrt()).exp()).collect();
            let total: f64 = weights.iter().sum();
            for c in head..head + D {
                attended[c] = weights.iter().zip(&values).map(|(weight, value)| weight / total * value[c]).sum();
            }
        }
        let update = linear(&attended, w, "attn.c_proj", 0..C);
        let x: Vec<f64> = x.iter().zip(update).map(|(x, y)| x + y).collect();
        let hidden = linear(&norm(&x, w, "ln_2"), w, "mlp.c_fc", 0..4 * C);
        let gelu = |x: f64| 0.5 * x * (1.0 + crease_core::ir::unary(crease_core::ir::Unary::Erf, x / 2f64.sqrt()));
        let hidden: Vec<f64> = hidden.into_iter().map(gelu).collect();
        let update = linear(&hidden, w, "mlp.c_proj", 0..C);
        out.extend(x.iter().zip(update).map(|(x, y)| x + y));
    }
    out
}

#[test]
fn the_block_is_gpt_2s_under_every_budget() {
    let settings = Settings::new().with("HEADS", HEADS as u64).with("D", D as u64);
    let made = gpt_block().elaborate(&settings, &Options::default()).unwrap();
    let cpu = Cpu::new(Some(2)).unwrap();
    for n in [1, 2, 37, 300] {
        let mut sizes: Sizes = made.sizes.clone();
        sizes.insert("N".into(), n);
        let given = tensors(&made.graph, &sizes, &mut Choices::new(n)).unwrap();
        let expected: Tensor = evaluate(&made.graph, &sizes, &given).unwrap().into_values().next().unwrap();
        let largest = expected.data.iter().zip(block(&given)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(largest < 1e-9, "{n} positions: off by {largest}");
        let expected = Expected::new(&made.graph, &sizes, &given).unwrap();
        let planner = Planner::new(&made.graph, &sizes, &cpu.target()).unwrap();
        let (least, most) = (planner.leanest().memory.total(), planner.plan(None).unwrap().memory.total());
        for step in 0..=4 {
            let plan = planner.plan(Some(least + (most - least) * step / 4)).unwrap();
            expected.check(&plan, &cpu).unwrap_or_else(|e| panic!("{e}:\n{plan}"));
        }
    }
}

#[test]
fn attention_of_the_block_is_one_causal_operation() {
    let made = gpt_block().elaborate(&Settings::new(), &Options::default()).unwrap();
    let fused = crease_core::fuse::fuse(&made.graph).to_string();
    assert!(fused.contains(" = attend over l of ") && fused.contains(", keys up to i ("), "{fused}");
    assert!(!fused.contains("softmax"), "{fused}");
}
