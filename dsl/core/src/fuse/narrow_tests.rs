//! Which values of small programs are kept in fewer bits.

use super::*;
use crate::builder::{Builder, EinsumSpec};
use crate::fuse::fuse;
use crate::ir::{Binary, Format, Sizes, Unary, ValueId};

fn shape(names: &[&str]) -> Vec<Extent> {
    names.iter().map(|n| (*n).into()).collect()
}

fn narrow_names(graph: &Graph) -> Vec<String> {
    let own = graph.values.values().filter(|v| !v.format.is_single()).map(|v| v.name.clone());
    let inner = graph.nodes.values().filter_map(|node| match &node.op {
        Op::Repeat(repeat) => Some(narrow_names(&repeat.body)),
        _ => None,
    });
    own.chain(inner.flatten()).collect()
}

/// The values, by name, of a program over x [R, C] that it allows to be kept in fewer bits.
fn check(terms: u64, build: impl Fn(&mut Builder, ValueId) -> ValueId, expected: &[&str]) {
    let mut b = Builder::new("sample");
    let x = b.input("x", shape(&["R", "C"]));
    let out = build(&mut b, x);
    b.output("out", out);
    let mut graph = fuse(&b.finish());
    let sizes: Sizes = [("R", 3), ("C", 5), ("D", terms)].map(|(name, size)| (name.to_string(), size)).into();
    let size = |extent: &Extent| extent.eval(&sizes).unwrap();
    narrow(&mut graph, &size);
    assert_eq!(narrow_names(&graph), [""; 0], "nothing is narrow unless a program allows it\n{graph}");
    graph.precision = Format::Bf16;
    narrow(&mut graph, &size);
    assert_eq!(narrow_names(&graph), expected, "{graph}");
}

fn linear(b: &mut Builder, x: ValueId, [from, to]: [&str; 2], name: &str) -> ValueId {
    let weight = b.param(format!("{name}.weight"), shape(&[to, from]));
    let made = b.linear(x, weight, None).unwrap();
    b.name(made, name);
    made
}

/// `x + down(relu(up(x)))`
fn transition(b: &mut Builder, x: ValueId, names: [&str; 3]) -> ValueId {
    let up = linear(b, x, ["C", "D"], names[0]);
    let hidden = b.unary(Unary::Relu, up);
    b.name(hidden, "hidden");
    let down = linear(b, hidden, ["D", "C"], names[1]);
    let sum = b.binary(Binary::Add, x, down).unwrap();
    b.name(sum, names[2]);
    sum
}

#[test]
fn state_stays_and_what_products_make_is_narrow() {
    check(7, |b, x| transition(b, x, ["up", "down", "sum"]), &["up", "hidden"]);
    // A state between two updates takes over its own memory.
    let twice = |b: &mut Builder, x| {
        let x = transition(b, x, ["up", "down", "state"]);
        transition(b, x, ["up2", "down2", "sum"])
    };
    check(7, twice, &["up", "hidden", "up2", "hidden"]);
}

#[test]
fn layers_are_asked_too_and_carry_whole_numbers() {
    let layers = |b: &mut Builder, x| {
        let update = |b: &mut Builder, carried: &[ValueId], _: &[ValueId]| {
            Ok::<_, crate::builder::Fault>(vec![transition(b, carried[0], ["up", "down", "sum"])])
        };
        b.repeat(4.into(), &[x], &[], update).unwrap()[0]
    };
    check(7, layers, &["up", "hidden"]);
}

#[test]
fn sums_in_several_steps_rows_and_places_stay() {
    check(5000, |b, x| transition(b, x, ["up", "down", "sum"]), &["up", "hidden"]);
    let softmax = |b: &mut Builder, x| {
        let up = linear(b, x, ["C", "D"], "up");
        let weights = b.softmax(up, 1).unwrap();
        let some = b.unary(Unary::Sqrt, weights);
        linear(b, some, ["D", "C"], "down")
    };
    check(7, softmax, &["up"]);
    // What says where to gather is whole; what is gathered may be narrow where a product reads it.
    let gather = |b: &mut Builder, x| {
        let at = linear(b, x, ["C", "D"], "at");
        let at = b.unary(Unary::Floor, at);
        let at = b.max(at, &[1]).unwrap();
        let far = linear(b, x, ["C", "C"], "far");
        let picked = b.gather(far, 0, at).unwrap();
        b.name(picked, "picked");
        linear(b, picked, ["C", "C"], "down")
    };
    check(7, gather, &["far", "picked"]);
}

/// A chain from product to product is narrow, but not what follows the last one.
#[test]
fn outputs_are_made_of_whole_numbers() {
    let chain = |b: &mut Builder, x| {
        let up = linear(b, x, ["C", "D"], "up");
        let up = b.unary(Unary::Sigmoid, up);
        b.name(up, "gate");
        let down = linear(b, up, ["D", "C"], "down");
        let bent = b.unary(Unary::Tanh, down);
        b.binary(Binary::Mul, bent, down).unwrap()
    };
    check(7, chain, &["up", "gate"]);
    // Nor what is put together for an output.
    let parts = |b: &mut Builder, x| {
        let [one, two] = ["one", "two"].map(|name| linear(b, x, ["C", "C"], name));
        b.concat(&[one, two], 1).unwrap()
    };
    check(7, parts, &[]);
}

#[test]
fn sums_with_whole_numbers_are_whole_and_products_are_not() {
    let with = |op: Binary| {
        move |b: &mut Builder, x: ValueId| {
            let local = linear(b, x, ["C", "C"], "local");
            let made = b.binary(op, local, x).unwrap();
            b.name(made, "made");
            // Read again, so that x does not end here.
            let last = linear(b, made, ["C", "C"], "last");
            b.binary(Binary::Add, last, x).unwrap()
        }
    };
    // A point that is moved by a translation; what a mask hides.
    check(7, with(Binary::Add), &[]);
    check(7, with(Binary::Sub), &[]);
    check(7, with(Binary::Mul), &["local", "made"]);
}

#[test]
fn distances_and_products_of_whole_numbers_are_whole() {
    let distances = |b: &mut Builder, x| {
        let [one, two] = ["one", "two"].map(|name| linear(b, x, ["C", "C"], name));
        let apart = b.binary(Binary::Sub, one, two).unwrap();
        let square = b.binary(Binary::Mul, apart, apart).unwrap();
        let sum = b.sum(square, &[0]).unwrap();
        let sum = b.unsqueeze(sum, 0).unwrap();
        linear(b, sum, ["C", "C"], "down")
    };
    check(7, distances, &[]);
    let spec = EinsumSpec::parse("ra,sa->rs").unwrap();
    let rotated = |b: &mut Builder, x| {
        let near = b.einsum(&spec, &[x, x]).unwrap();
        b.name(near, "near");
        let again = b.einsum(&EinsumSpec::parse("rs,sa->ra").unwrap(), &[near, x]).unwrap();
        b.name(again, "again");
        linear(b, again, ["C", "C"], "down")
    };
    check(7, rotated, &[]);
    // The same of what a product with weights has made.
    let attended = |b: &mut Builder, x| {
        let query = linear(b, x, ["C", "C"], "query");
        let near = b.einsum(&spec, &[query, x]).unwrap();
        b.name(near, "near");
        let again = b.einsum(&EinsumSpec::parse("rs,sa->ra").unwrap(), &[near, x]).unwrap();
        b.name(again, "again");
        linear(b, again, ["C", "C"], "down")
    };
    check(7, attended, &["query", "near", "again"]);
}
