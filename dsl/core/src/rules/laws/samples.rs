//! Small graphs and numbers for them.

use crate::builder::{Builder, EinsumSpec};
use crate::ir::{Binary, Graph, Port, Sizes, Unary, ValueId};
use crate::oracle::{Tensor, Tensors};
use crate::random::Choices;

/// One graph for each operation, over extents a, b, c.
pub(super) fn samples() -> Vec<Graph> {
    let mut graphs = Vec::new();
    let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
    let mut sample = |shapes: &[&[&str]], build: &dyn Fn(&mut Builder, &[ValueId]) -> ValueId| {
        let mut builder = Builder::new("sample");
        let inputs: Vec<ValueId> =
            shapes.iter().enumerate().map(|(k, s)| builder.input(format!("x{k}"), shape(s))).collect();
        let out = build(&mut builder, &inputs);
        builder.output("out", out);
        graphs.push(builder.finish());
    };
    let einsum = |b: &mut Builder, text: &str, x: &[ValueId]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
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

/// Attention of `a` queries over `b` keys of width `c`, with a bias; or the logarithm of the sum of exponentials of
/// each query.
pub(super) fn attention(sums: bool) -> Graph {
    let mut b = Builder::new("sample");
    let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
    let [q, k, v, bias] = [("x0", ["a", "c"]), ("x1", ["b", "c"]), ("x2", ["b", "c"]), ("x3", ["a", "b"])]
        .map(|(name, axes)| b.input(name, shape(&axes)));
    let einsum = |b: &mut Builder, text: &str, x: &[ValueId]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
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

pub(super) fn tensors(graph: &Graph, sizes: &Sizes, seed: u64) -> Tensors {
    let mut choices = Choices::new(seed);
    let mut one = |p: &Port| {
        let mut tensor = Tensor::filled(graph.shape(p.value, sizes).unwrap(), 0.0);
        tensor.data.iter_mut().for_each(|x| *x = (2.0 * choices.noise()).round());
        (p.name.clone(), tensor)
    };
    graph.inputs.iter().map(&mut one).collect()
}
