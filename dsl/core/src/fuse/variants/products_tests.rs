//! Norms and pointwise nodes that join products: what they become, and that it gives the same.

use super::*;
use crate::builder::Builder;
use crate::fuse::fuse;
use crate::ir::{Sizes, Unary, check_graph};
use crate::oracle::{Tensor, Tensors, evaluate};
use crate::random::Choices;

const SIZES: [(&str, u64); 4] = [("R", 3), ("C", 5), ("D", 4), ("H", 6)];

fn shape(names: &[&str]) -> Vec<Extent> {
    names.iter().map(|n| (*n).into()).collect()
}

/// A program over x [R, R, C] and y [R, R, D], its nodes after joining as text, and that it gives the same.
fn check(after: After, build: impl Fn(&mut Builder, ValueId, ValueId) -> ValueId, expected: &[&str]) {
    let mut b = Builder::new("sample");
    let (x, y) = (b.input("x", shape(&["R", "R", "C"])), b.input("y", shape(&["R", "R", "D"])));
    let out = build(&mut b, x, y);
    b.output("out", out);
    let graph = fuse(&b.finish());
    let sizes: Sizes = SIZES.map(|(name, size)| (name.to_string(), size)).into();
    let joined = with_products(&graph, after, &|e| e.eval(&sizes).unwrap());
    check_graph(&joined).unwrap_or_else(|e| panic!("{e}\n{joined}"));
    let nodes: Vec<String> = joined
        .nodes
        .values()
        .filter(|n| n.op != Op::View)
        .map(|n| match &n.op {
            Op::Contract(c) => {
                let norm = if c.norm.is_some() { " of a norm" } else { "" };
                let loads = n.operands.len() - c.loads();
                format!("{} sums{norm}, {} instructions, {loads} loads", c.sums, c.after.0.len())
            }
            op => op.name().to_string(),
        })
        .collect();
    assert_eq!(nodes, expected, "{joined}");
    let mut choices = Choices::new(7);
    let ports = graph.inputs.iter().chain(&graph.params).map(|p| (p.name.clone(), p.value));
    let given: Tensors = ports
        .map(|(name, value)| {
            let mut tensor = Tensor::filled(graph.shape(value, &sizes).unwrap(), 0.0);
            tensor.data.iter_mut().for_each(|x| *x = choices.noise());
            (name, tensor)
        })
        .collect();
    let (one, other) = (evaluate(&graph, &sizes, &given).unwrap(), evaluate(&joined, &sizes, &given).unwrap());
    for (name, tensor) in &one {
        let near = tensor.data.iter().zip(&other[name].data).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near, "{name}\n{graph}\n{joined}");
    }
}

fn norm(b: &mut Builder, x: ValueId) -> ValueId {
    let (scale, offset) = (b.param("scale", shape(&["C"])), b.param("offset", shape(&["C"])));
    b.layer_norm(x, Some(scale), Some(offset), 1e-5).unwrap()
}

fn linear(b: &mut Builder, x: ValueId, name: &str, from: &str, to: &str) -> ValueId {
    let weight = b.param(format!("{name}.weight"), shape(&[to, from]));
    let bias = b.param(format!("{name}.bias"), shape(&[to]));
    b.linear(x, weight, Some(bias)).unwrap()
}

/// `sigmoid(linear) · linear`, as the two sides of a triangle multiplication begin.
fn gated(b: &mut Builder, x: ValueId, name: &str) -> ValueId {
    let gate = linear(b, x, &format!("{name}.gate"), "C", "D");
    let (gate, value) = (b.unary(Unary::Sigmoid, gate), linear(b, x, &format!("{name}.value"), "C", "D"));
    b.binary(Binary::Mul, gate, value).unwrap()
}

#[test]
fn a_norm_and_a_bias_are_part_of_a_projection() {
    let projected = |b: &mut Builder, x, _| {
        let x = norm(b, x);
        linear(b, x, "linear", "C", "D")
    };
    check(After::All, projected, &["1 sums of a norm, 3 instructions, 1 loads"]);
    check(After::Small, projected, &["1 sums of a norm, 3 instructions, 1 loads"]);
}

#[test]
fn two_projections_multiplied_are_one_product_of_two_sums() {
    let both = |b: &mut Builder, x, _| {
        let x = norm(b, x);
        gated(b, x, "a")
    };
    check(After::All, both, &["2 sums of a norm, 8 instructions, 2 loads"]);
}

#[test]
fn a_residual_joins_unless_the_sum_is_to_stay_a_fold() {
    let transition = |b: &mut Builder, x, _| {
        let normed = norm(b, x);
        let hidden = linear(b, normed, "in", "C", "H");
        let hidden = b.unary(Unary::Relu, hidden);
        let update = linear(b, hidden, "out", "H", "C");
        b.binary(Binary::Add, x, update).unwrap()
    };
    let first = "1 sums of a norm, 4 instructions, 1 loads";
    check(After::All, transition, &[first, "1 sums, 5 instructions, 2 loads"]);
    check(After::Small, transition, &[first, "contract", "pointwise"].map(|n| if n == "contract" { PLAIN } else { n }));
}

const PLAIN: &str = "1 sums, 1 instructions, 0 loads";

#[test]
fn what_is_added_may_not_be_what_is_multiplied() {
    // The result takes x's place; were x read as a row of the product meanwhile, it would be half new.
    let update = |b: &mut Builder, x: ValueId, _| {
        let update = linear(b, x, "square", "C", "C");
        b.binary(Binary::Add, x, update).unwrap()
    };
    check(After::All, update, &[PLAIN, "pointwise"]);
}

#[test]
fn a_transposed_reader_gets_a_transposed_product() {
    let turned = |b: &mut Builder, x: ValueId, y: ValueId| {
        let turned = b.permute(x, &[1, 0, 2]).unwrap();
        let normed = norm(b, turned);
        let update = linear(b, normed, "linear", "C", "D");
        let update = b.permute(update, &[1, 0, 2]).unwrap();
        b.binary(Binary::Add, y, update).unwrap()
    };
    check(After::All, turned, &["1 sums of a norm, 5 instructions, 2 loads"]);
}

#[test]
fn a_norm_that_others_read_stays_for_them() {
    let kept = |b: &mut Builder, x: ValueId, y: ValueId| {
        let normed = norm(b, x);
        let projected = linear(b, normed, "linear", "C", "D");
        let sum = b.sum(normed, &[2]).unwrap();
        let sum = b.unsqueeze(sum, 2).unwrap();
        let projected = b.binary(Binary::Mul, projected, sum).unwrap();
        b.binary(Binary::Add, y, projected).unwrap()
    };
    check(After::All, kept, &["normalize", "sum", "1 sums of a norm, 7 instructions, 3 loads"]);
}
