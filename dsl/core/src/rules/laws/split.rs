//! The laws of splits: combining the slices gives the whole.

use std::rc::Rc;

use cranelift_entity::EntityRef;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::samples::{attention, samples, tensors};
use crate::ir::{Binary, Combine, Graph, NodeId, Sizes, binary};
use crate::oracle::{Tensor, Tensors, evaluate};
use crate::rules::{Forms, Join, Operand, Slice};

/// op(x) = merge_a(op(split_a x))
pub(super) fn split_map(runner: &mut TestRunner) {
    split(runner, &|join| matches!(join, Join::Merge(_)));
}

/// op(x) = Σ_a op(split_a x)
pub(super) fn split_sum(runner: &mut TestRunner) {
    split(runner, &|join| join == Join::Combine(Combine::Sum));
}

/// op(x) = max_a op(split_a x)
pub(super) fn split_max(runner: &mut TestRunner) {
    split(runner, &|join| join == Join::Combine(Combine::Max));
}

/// op(x) = softmax-weighted mean of op(split_a x), the weights being the sums of exponentials of the slices
pub(super) fn split_softmax(runner: &mut TestRunner) {
    let (graph, weights) = (attention(false), attention(true));
    let slices = Forms::explore(&graph).slices(NodeId::new(0)).to_vec();
    let form = slices.iter().find(|s| s.join == Join::Combine(Combine::Softmax)).expect("the keys are a fold");
    let input = (0u64..5, 0u64..9, 0u64..4, 1u64..4, any::<u64>());
    runner
        .run(&input, |(a, b, c, chunk, seed)| {
            let sizes = |b: u64| Sizes::from([("a".into(), a), ("b".into(), b), ("c".into(), c)]);
            let all = tensors(&graph, &sizes(b), seed);
            let run = |graph: &Graph, sizes: &Sizes, given: &Tensors| {
                evaluate(graph, sizes, given).unwrap().remove("out").unwrap()
            };
            let whole = run(&graph, &sizes(b), &all);
            // The mean over an empty set, with weight 0.
            let mut together = Tensor::filled(whole.shape.clone(), 0.0);
            let mut running = vec![f64::NEG_INFINITY; a as usize];
            for (start, end) in pieces(b, chunk) {
                let mut given = all.clone();
                for (k, (port, how)) in graph.inputs.iter().zip(&form.operands).enumerate() {
                    if let Operand::Split(axis) = how {
                        given.insert(port.name.clone(), slice(&all[&format!("x{k}")], *axis, start, end));
                    }
                }
                let (part, sums) =
                    (run(&graph, &sizes(end - start), &given), run(&weights, &sizes(end - start), &given));
                for (row, (before, own)) in running.iter_mut().zip(&sums.data).enumerate() {
                    let most = before.max(*own);
                    let total = most + ((*before - most).exp() + (own - most).exp()).ln();
                    for channel in row * c as usize..(row + 1) * c as usize {
                        let (old, new) = (together.data[channel], part.data[channel]);
                        together.data[channel] = if own.is_finite() {
                            old * (*before - total).exp() + new * (own - total).exp()
                        } else {
                            old
                        };
                    }
                    if own.is_finite() {
                        *before = total;
                    }
                }
            }
            let near = together.data.iter().zip(&whole.data).all(|(x, y)| (x - y).abs() < 1e-9);
            prop_assert!(near, "{together:?} and {whole:?}");
            Ok(())
        })
        .unwrap();
}

/// split_a(merge_a x) = x
pub(super) fn cancel(runner: &mut TestRunner) {
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

/// For every sample that can be split this way, combining the slices gives the whole.
fn split(runner: &mut TestRunner, so: &dyn Fn(Join) -> bool) {
    let cases: Vec<(Graph, Rc<Slice>)> = samples()
        .into_iter()
        .flat_map(|g| {
            let slices = Forms::explore(&g).slices(NodeId::new(0)).to_vec();
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
            let node = &graph.nodes[NodeId::new(0)];
            let all = tensors(graph, &sizes, seed);
            let whole = evaluate(graph, &sizes, &all).unwrap().remove("out").unwrap();
            let extent = node.indices[form.index].eval(&sizes).unwrap();
            let parts = pieces(extent, chunk).into_iter().map(|(start, end)| {
                // The same operation on slices: its index has another symbol of its own.
                let mut sliced = graph.clone();
                let own = crate::ir::Extent::symbol("slice");
                let node = &mut sliced.nodes[NodeId::new(0)];
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
        Combine::Softmax => unreachable!("its law combines pairs"),
    };
    let mut sum = Tensor::filled(parts[0].shape.clone(), start);
    for part in parts {
        sum.data.iter_mut().zip(&part.data).for_each(|(x, y)| *x = binary(f, *x, *y));
    }
    sum
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
