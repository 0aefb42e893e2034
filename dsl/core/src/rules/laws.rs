//! Laws: each rule's two sides, evaluated with the oracle on random small shapes.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Forms, Join, Operand, Slice, rules};
use crate::build::{Builder, EinsumSpec};
use crate::ir::{Binary, Combine, Graph, Sizes, Unary};
use crate::oracle::{Tensor, Tensors, evaluate};

/// A rule's law: panics where the two sides differ.
type Law = fn(&mut TestRunner);

/// One law a rule.
const LAWS: &[(&str, Law)] =
    &[("split-map", split_map), ("split-sum", split_sum), ("split-max", split_max), ("cancel", cancel)];

#[test]
fn every_rule_has_a_law() {
    let names: Vec<String> = rules(&Arc::new(Graph::default())).iter().map(|r| r.name.to_string()).collect();
    let laws: Vec<String> = LAWS.iter().map(|(name, _)| (*name).to_string()).collect();
    assert_eq!(names, laws, "rules and laws differ");
}

#[test]
fn every_law_holds() {
    for (_, law) in LAWS {
        law(&mut TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() }));
    }
}

/// One graph for each operation, over extents a, b, c.
fn samples() -> Vec<Graph> {
    let mut graphs = Vec::new();
    let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
    let mut sample = |shapes: &[&[&str]], build: &dyn Fn(&mut Builder, &[usize]) -> usize| {
        let mut builder = Builder::new("sample");
        let inputs: Vec<usize> =
            shapes.iter().enumerate().map(|(k, s)| builder.input(format!("x{k}"), shape(s))).collect();
        let out = build(&mut builder, &inputs);
        builder.output("out", out);
        graphs.push(builder.finish());
    };
    let einsum = |b: &mut Builder, text: &str, x: &[usize]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
    sample(&[&["a", "b"]], &|b, x| b.unary(Unary::Sigmoid, x[0]));
    sample(&[&["a", "b", "c"], &["b", "c"]], &|b, x| b.binary(Binary::Sub, x[0], x[1]).unwrap());
    sample(&[&["a", "b"], &["b"]], &|b, x| b.gather(x[0], 0, x[1]).unwrap());
    sample(&[&["a", "b"]], &|b, x| b.one_hot(x[0], "c".into()));
    sample(&[&["a", "b", "c"]], &|b, x| b.permute(x[0], &[2, 0, 1]).unwrap());
    sample(&[&["a", "c"], &["b", "c"]], &|b, x| einsum(b, "ac,bc->ab", x));
    sample(&[&["a", "c", "b"], &["b", "c", "c"]], &|b, x| einsum(b, "acb,bcd->dab", x));
    sample(&[&["a", "b", "c"]], &|b, x| b.sum(x[0], &[1]).unwrap());
    sample(&[&["a", "b", "c"]], &|b, x| b.max(x[0], &[0, 2]).unwrap());
    sample(&[&["a", "b", "c"]], &|b, x| b.softmax(x[0], 1).unwrap());
    sample(&[&["a", "b"]], &|b, x| b.layer_norm(x[0], None, None, 1e-5).unwrap());
    sample(&[&["a", "b"], &["a", "c"]], &|b, x| b.concat(x, 1).unwrap());
    graphs
}

fn tensors(graph: &Graph, sizes: &Sizes, seed: u64) -> Tensors {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) as f64 / f64::from(u32::MAX >> 1) - 0.5) * 4.0
    };
    let one = |p: &crate::ir::Port, next: &mut dyn FnMut() -> f64| {
        let mut tensor = Tensor::filled(graph.shape(p.value, sizes).unwrap(), 0.0);
        tensor.data.iter_mut().for_each(|x| *x = next().round());
        (p.name.clone(), tensor)
    };
    graph.inputs.iter().map(|p| one(p, &mut next)).collect()
}

fn slice(tensor: &Tensor, axis: usize, start: u64, end: u64) -> Tensor {
    let outer: u64 = tensor.shape[..axis].iter().product();
    let inner: u64 = tensor.shape[axis + 1..].iter().product();
    let mut shape = tensor.shape.clone();
    shape[axis] = end - start;
    let at = |o: u64, k: u64| ((o * tensor.shape[axis] + k) * inner) as usize;
    let data = (0..outer).flat_map(|o| tensor.data[at(o, start)..at(o, end)].to_vec()).collect();
    Tensor { shape, data }
}

fn merge(parts: &[Tensor], axis: usize) -> Tensor {
    let mut shape = parts[0].shape.clone();
    shape[axis] = parts.iter().map(|p| p.shape[axis]).sum();
    let outer: u64 = shape[..axis].iter().product();
    let row = |p: &Tensor| p.shape[axis..].iter().product::<u64>() as usize;
    let data =
        (0..outer as usize).flat_map(|o| parts.iter().flat_map(move |p| p.data[o * row(p)..(o + 1) * row(p)].to_vec()));
    Tensor { data: data.collect(), shape }
}

fn pieces(extent: u64, chunk: u64) -> Vec<(u64, u64)> {
    let starts = (0..extent.max(1)).step_by(chunk as usize);
    starts.map(|s| (s, (s + chunk).min(extent))).collect()
}

/// op(x) = merge_a(op(split_a x))
fn split_map(runner: &mut TestRunner) {
    split(runner, &|join| matches!(join, Join::Merge(_)));
}

/// op(x) = Σ_a op(split_a x)
fn split_sum(runner: &mut TestRunner) {
    split(runner, &|join| join == Join::Combine(Combine::Sum));
}

/// op(x) = max_a op(split_a x)
fn split_max(runner: &mut TestRunner) {
    split(runner, &|join| join == Join::Combine(Combine::Max));
}

/// The slices of every sample that can be split so, put together again, are the whole.
fn split(runner: &mut TestRunner, so: &dyn Fn(Join) -> bool) {
    let cases: Vec<(Graph, Slice)> = samples()
        .into_iter()
        .flat_map(|g| {
            let slices = Forms::explore(&g).slices(0).to_vec();
            slices.into_iter().map(move |s| (g.clone(), s))
        })
        .filter(|(_, s)| so(s.join))
        .collect();
    assert!(!cases.is_empty(), "a sample has an index to split");
    let input = (0..cases.len(), 0u64..6, 0u64..6, 0u64..6, 1u64..4, any::<u64>());
    runner
        .run(&input, |(which, a, b, c, chunk, seed)| {
            let (graph, form) = &cases[which];
            let sizes = Sizes::from([("a".into(), a), ("b".into(), b), ("c".into(), c)]);
            let node = &graph.nodes[0];
            let all = tensors(graph, &sizes, seed);
            let whole = evaluate(graph, &sizes, &all).unwrap().remove("out").unwrap();
            let extent = node.indices[form.index].eval(&sizes).unwrap();
            let parts = pieces(extent, chunk).into_iter().map(|(start, end)| {
                // The same operation on slices: its index has another symbol of its own.
                let mut sliced = graph.clone();
                let own = crate::ir::Extent::symbol("slice");
                let node = &mut sliced.nodes[0];
                node.indices[form.index] = own.clone();
                if let Some(axis) = form.axis() {
                    sliced.values[node.results[0].value].shape[axis] = own.clone();
                }
                let mut given = all.clone();
                for (operand, how) in node.operands.clone().iter().zip(&form.operands) {
                    if let Operand::Split(axis) = how {
                        sliced.values[operand.value].shape[*axis] = own.clone();
                        let name = &graph.inputs.iter().find(|p| p.value == operand.value).unwrap().name;
                        given.insert(name.clone(), slice(&all[name], *axis, start, end));
                    }
                }
                let mut sizes = sizes.clone();
                sizes.insert("slice".into(), end - start);
                let out = evaluate(&sliced, &sizes, &given).unwrap().remove("out").unwrap();
                // A one-hot's position starts at the slice.
                match (form.axis(), form.operands.iter().all(|o| *o == Operand::Whole)) {
                    (Some(axis), true) => slice(&whole, axis, start, end),
                    _ => out,
                }
            });
            let parts: Vec<Tensor> = parts.collect();
            let together = match form.join {
                Join::Merge(axis) => merge(&parts, axis),
                Join::Combine(combine) => combined(&parts, combine),
            };
            prop_assert_eq!(&together.shape, &whole.shape);
            let same = together.data.iter().zip(&whole.data).all(|(x, y)| x == y || (x.is_nan() && y.is_nan()));
            prop_assert!(same, "{together:?} and {whole:?}");
            Ok(())
        })
        .unwrap();
}

/// Element by element, from the fold's start.
fn combined(parts: &[Tensor], combine: Combine) -> Tensor {
    let (start, f) = match combine {
        Combine::Sum => (0.0, Binary::Add),
        Combine::Max => (f64::NEG_INFINITY, Binary::Max),
    };
    let mut sum = Tensor::filled(parts[0].shape.clone(), start);
    for part in parts {
        sum.data.iter_mut().zip(&part.data).for_each(|(x, y)| *x = crate::oracle::binary(f, *x, *y));
    }
    sum
}

/// split_a(merge_a x) = x
fn cancel(runner: &mut TestRunner) {
    let input = (prop::collection::vec(0u64..5, 1..4), any::<prop::sample::Index>(), 1u64..4);
    runner
        .run(&input, |(shape, axis, chunk)| {
            let axis = axis.index(shape.len());
            let mut tensor = Tensor::filled(shape.clone(), 0.0);
            tensor.data.iter_mut().enumerate().for_each(|(k, x)| *x = k as f64);
            let split =
                |t: &Tensor| pieces(shape[axis], chunk).iter().map(|&(s, e)| slice(t, axis, s, e)).collect::<Vec<_>>();
            prop_assert_eq!(split(&merge(&split(&tensor), axis)), split(&tensor));
            Ok(())
        })
        .unwrap();
}
