//! Laws: each rule's two sides, evaluated with the oracle on random small shapes.

use std::rc::Rc;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Forms, Join, Operand, Slice, rules};
use crate::builder::{Arg, Builder, EinsumSpec};
use crate::ir::{Binary, Combine, Graph, Instr, Sizes, Unary};
use crate::oracle::{Tensor, Tensors, evaluate};

/// A rule's law: panics where the two sides differ.
type Law = fn(&mut TestRunner);

/// One law a rule.
const LAWS: &[(&str, Law)] = &[
    ("split-map", split_map),
    ("split-sum", split_sum),
    ("split-max", split_max),
    ("split-softmax", split_softmax),
    ("cancel", cancel),
];

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
    graphs.push(attention(false));
    graphs
}

/// Attention of a queries over b keys, c wide, with a bias; or the logarithm of the sum that each of its
/// queries' weights have.
fn attention(sums: bool) -> Graph {
    let mut b = Builder::new("sample");
    let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
    let [q, k, v, bias] = [("x0", ["a", "c"]), ("x1", ["b", "c"]), ("x2", ["b", "c"]), ("x3", ["a", "b"])]
        .map(|(name, axes)| b.input(name, shape(&axes)));
    let einsum = |b: &mut Builder, text: &str, x: &[usize]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
    let product = einsum(&mut b, "ac,bc->ab", &[q, k]);
    let logits = b.binary(Binary::Add, product, bias).unwrap();
    let out = if sums {
        let exponentials = b.unary(Unary::Exp, logits);
        let sum = b.sum(exponentials, &[1]).unwrap();
        b.unary(Unary::Log, sum)
    } else {
        let weights = b.softmax(logits, 1).unwrap();
        einsum(&mut b, "ab,bc->ac", &[weights, v])
    };
    b.output("out", out);
    let fused = crate::fuse::fuse(&b.finish());
    assert!(sums || fused.nodes.len() == 1, "attention is one operation:\n{fused}");
    fused
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

/// op(x) = softmax-weighted mean of op(split_a x), the weights being the sums of exponentials of the slices
fn split_softmax(runner: &mut TestRunner) {
    let (graph, weights) = (attention(false), attention(true));
    let slices = Forms::explore(&graph).slices(0).to_vec();
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
            // The mean of nothing, which stands for nothing.
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

/// Softmax then contraction is attention: a graph and its fused form, with every kind of term.
#[test]
fn softmax_then_contraction_is_attend() {
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
    let build = |(kind, causal): (u8, u8)| {
        let mut b = Builder::new("sample");
        let einsum = |b: &mut Builder, text: &str, x: &[usize]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
        let axes: [(&str, &[&str]); 5] = [
            ("q", &["n", "a", "h", "c"]),
            ("k", &["n", "b", "h", "c"]),
            ("v", &["n", "b", "h", "d"]),
            ("mask", &["n", "b"]),
            ("bias", &["h", "a", "b"]),
        ];
        let [q, k, v, mask, bias] = axes.map(|(name, axes)| b.input(name, shape(axes)));
        let mut logits = match kind {
            0 => einsum(&mut b, "nahc,nbhc->nhab", &[q, k]),
            1 => einsum(&mut b, "nbhc,nahc->nhab", &[k, q]),
            // One key for all heads: the heads are the queries.
            _ => {
                let one = b.sum(k, &[2]).unwrap();
                einsum(&mut b, "nahc,nbc->nhab", &[q, one])
            }
        };
        if kind > 0 {
            logits = b.binary(Binary::Mul, logits, 0.5).unwrap();
            let bias = b.unsqueeze(bias, 0).unwrap();
            logits = b.binary(Binary::Sub, logits, bias).unwrap();
        }
        if kind > 1 {
            let hidden = b.binary(Binary::Sub, mask, 1.0).unwrap();
            let hidden = b.binary(Binary::Mul, hidden, 1e9).unwrap();
            let hidden = b.unsqueeze(hidden, 1).unwrap();
            let hidden = b.unsqueeze(hidden, 1).unwrap();
            logits = b.binary(Binary::Add, hidden, logits).unwrap();
        }
        logits = match causal {
            0 => logits,
            1 => b.causal(logits, 2, 3).unwrap(),
            how => by_positions(&mut b, logits, how),
        };
        let weights = b.softmax(logits, 3).unwrap();
        let text = if kind == 1 { "nbhd,nhab->nahd" } else { "nhab,nbhd->nahd" };
        let operands = if kind == 1 { [v, weights] } else { [weights, v] };
        let out = einsum(&mut b, text, &operands);
        b.output("out", out);
        b.finish()
    };
    for kind in (0..3).flat_map(|kind| (0..5).map(move |causal| (kind, causal))) {
        let graph = build(kind);
        let fused = crate::fuse::fuse(&graph);
        let causal = |n: &crate::ir::Node| matches!(n.op, crate::ir::Op::Attend { causal: Some(_), .. });
        assert_eq!(fused.nodes.iter().any(causal), kind.1 > 0, "{fused}");
        let has = |name: &str| fused.nodes.iter().filter(|n| n.op.name() == name).count();
        assert_eq!((has("attend"), has("softmax")), (1, 0), "{fused}");
        crate::ir::check_graph(&fused).unwrap();
        let input = (prop::collection::vec(0u64..4, 5), any::<u64>());
        let law = runner.run(&input, |(extents, seed)| {
            let names = ["n", "a", "b", "h", "c"].into_iter().chain(["d"]);
            let sizes: Sizes = names.zip(extents.iter().copied().chain([2])).map(|(n, e)| (n.into(), e)).collect();
            let given = tensors(&graph, &sizes, seed);
            let run = |graph: &Graph| evaluate(graph, &sizes, &given).unwrap().remove("out").unwrap();
            let (written, fused) = (run(&graph), run(&fused));
            prop_assert_eq!(&written.shape, &fused.shape);
            let same = |x: &f64, y: &f64| (x - y).abs() < 1e-6 || (x.is_nan() && y.is_nan());
            let near = written.data.iter().zip(&fused.data).all(|(x, y)| same(x, y));
            prop_assert!(near, "{written:?} and {fused:?}");
            Ok(())
        });
        law.unwrap();
    }
}

/// Logits [n h a b] where a key's position is not above its query's, as a program may write it: chosen, not chosen, or with
/// a sum; with other numbers it is something else.
fn by_positions(b: &mut Builder, logits: usize, how: u8) -> usize {
    let (queries, keys) = (b.iota("a".into()), b.iota("b".into()));
    let queries = b.unsqueeze(queries, 1).unwrap();
    let keys = b.unsqueeze(keys, 0).unwrap();
    let choose = |b: &mut Builder, condition: usize, then: Arg, other: Arg| {
        let chosen = b.elementwise(&[condition.into(), then, other], |e, k| e.push(Instr::Select(k[0], k[1], k[2])));
        chosen.unwrap()
    };
    let never = Arg::Number(f64::NEG_INFINITY);
    match how {
        2 => {
            let early = b.binary(Binary::Le, keys, queries).unwrap();
            choose(b, early, logits.into(), never)
        }
        3 => {
            let late = b.binary(Binary::Lt, queries, keys).unwrap();
            choose(b, late, never, logits.into())
        }
        4 => {
            let early = b.binary(Binary::Le, keys, queries).unwrap();
            let added = choose(b, early, Arg::Number(0.0), never);
            b.binary(Binary::Add, logits, added).unwrap()
        }
        // A finite number; keys that come late; queries before their own key.
        5 => {
            let early = b.binary(Binary::Le, keys, queries).unwrap();
            choose(b, early, logits.into(), Arg::Number(-1e9))
        }
        6 => {
            let late = b.binary(Binary::Le, queries, keys).unwrap();
            choose(b, late, logits.into(), never)
        }
        _ => {
            let earlier = b.binary(Binary::Lt, keys, queries).unwrap();
            choose(b, earlier, logits.into(), never)
        }
    }
}

#[test]
fn what_hides_other_keys_stays_a_softmax() {
    for how in 5..8 {
        let mut b = Builder::new("sample");
        let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
        let axes: [(&str, &[&str]); 3] =
            [("q", &["n", "h", "a", "c"]), ("k", &["n", "h", "b", "c"]), ("v", &["n", "h", "b", "c"])];
        let [q, k, v] = axes.map(|(name, axes)| b.input(name, shape(axes)));
        let einsum = |b: &mut Builder, text: &str, x: &[usize]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
        let logits = einsum(&mut b, "nhac,nhbc->nhab", &[q, k]);
        let logits = by_positions(&mut b, logits, how);
        let weights = b.softmax(logits, 3).unwrap();
        let out = einsum(&mut b, "nhab,nhbc->nhac", &[weights, v]);
        b.output("out", out);
        let fused = crate::fuse::fuse(&b.finish());
        assert!(fused.nodes.iter().all(|n| n.op.name() != "attend"), "{fused}");
    }
}

/// The slices of every sample that can be split so, put together again, are the whole.
fn split(runner: &mut TestRunner, so: &dyn Fn(Join) -> bool) {
    let cases: Vec<(Graph, Rc<Slice>)> = samples()
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
        Combine::Softmax => unreachable!("its law combines pairs"),
    };
    let mut sum = Tensor::filled(parts[0].shape.clone(), start);
    for part in parts {
        sum.data.iter_mut().zip(&part.data).for_each(|(x, y)| *x = crate::ir::binary(f, *x, *y));
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
