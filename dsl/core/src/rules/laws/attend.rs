//! The laws of attention fusion: softmax then contraction is recognized, other patterns are not.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::samples::tensors;
use crate::builder::{Arg, Builder, EinsumSpec};
use crate::ir::{Binary, Graph, Instr, Sizes, ValueId};
use crate::oracle::evaluate;

/// Softmax then contraction is attention: a graph and its fused form, with every kind of term.
#[test]
fn softmax_then_contraction_is_attend() {
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
    let build = |(kind, causal): (u8, u8)| {
        let mut b = Builder::new("sample");
        let einsum =
            |b: &mut Builder, text: &str, x: &[ValueId]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
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
        assert_eq!(fused.nodes.values().any(causal), kind.1 > 0, "{fused}");
        let has = |name: &str| fused.nodes.values().filter(|n| n.op.name() == name).count();
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

/// Logits [n h a b] where a key's position is not above its query's, as a program may write it: chosen, not chosen,
/// or with a sum; with other numbers it is something else.
fn by_positions(b: &mut Builder, logits: ValueId, how: u8) -> ValueId {
    let (queries, keys) = (b.iota("a".into()), b.iota("b".into()));
    let queries = b.unsqueeze(queries, 1).unwrap();
    let keys = b.unsqueeze(keys, 0).unwrap();
    let choose = |b: &mut Builder, condition: ValueId, then: Arg, other: Arg| {
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
        let einsum =
            |b: &mut Builder, text: &str, x: &[ValueId]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
        let logits = einsum(&mut b, "nhac,nhbc->nhab", &[q, k]);
        let logits = by_positions(&mut b, logits, how);
        let weights = b.softmax(logits, 3).unwrap();
        let out = einsum(&mut b, "nhab,nhbc->nhac", &[weights, v]);
        b.output("out", out);
        let fused = crate::fuse::fuse(&b.finish());
        assert!(fused.nodes.values().all(|n| n.op.name() != "attend"), "{fused}");
    }
}
