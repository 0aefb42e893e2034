//! Constant masks: the program that remains when some inputs are all ones, as the masks of a full alignment.

use std::collections::{BTreeMap, BTreeSet};

use super::unread::{drop_unread, remove_dead};
use crate::ir::{Access, AxisRef, Binary, Expr, Graph, Instr, Node, Op, RowOp, ValueId, binary, unary};

/// Values whose elements are all one number, as an expression without operands.
type Known = BTreeMap<ValueId, Expr>;

/// The graph where the named inputs are all ones. They stay inputs, but are not read.
#[must_use]
pub fn assume_ones(graph: &Graph, names: &BTreeSet<String>) -> Graph {
    let ones = graph.inputs.iter().filter(|p| names.contains(&p.name)).map(|p| (p.value, constant(1.0)));
    let mut changed = graph.clone();
    simplify(&mut changed, ones.collect());
    changed
}

fn constant(x: f64) -> Expr {
    Expr(vec![Instr::Const(x)])
}

fn simplify(graph: &mut Graph, mut known: Known) {
    if known.is_empty() {
        return;
    }
    for node in graph.nodes.values_mut() {
        if let Op::Repeat(repeat) = &mut node.op {
            let fixed = repeat.body.inputs.iter().zip(&node.operands).skip(repeat.carried);
            let inside = fixed.filter_map(|(port, o)| Some((port.value, known.get(&o.value)?.clone())));
            let inside = inside.collect();
            simplify(&mut repeat.body, inside);
            continue;
        }
        substitute(node, &known);
        if let Some(expr) = number_of(node, &known) {
            known.insert(node.results[0].value, expr);
        }
    }
    remove_dead(graph);
}

/// Replaces operands by known numbers.
fn substitute(node: &mut Node, known: &Known) {
    if node.operands.iter().all(|o| !known.contains_key(&o.value)) {
        return;
    }
    let operands = node.operands.clone();
    let number = |k: usize| known.get(&operands[k].value);
    match &mut node.op {
        Op::Pointwise(expr) => {
            *expr = replaced(expr, &number);
            drop_unread(node);
        }
        Op::Rows { before, after, .. } => {
            *before = replaced(before, &number);
            *after = replaced(after, &number);
            drop_unread(node);
        }
        Op::Contract(_) => {
            let gone: Vec<usize> = (0..node.indices.len()).filter(|&i| !node.result().mentions(i)).collect();
            let (times, rest) = match (number(0), number(1)) {
                (Some(a), Some(b)) => (product(&[a.clone(), b.clone()]), None),
                (Some(a), None) => (a.clone(), Some(1)),
                (None, Some(b)) => (b.clone(), Some(0)),
                (None, None) => return,
            };
            // An index that is summed over and that no operand has any more becomes a factor.
            let lost = |i: &usize| rest.is_none_or(|k: usize| !operands[k].mentions(*i));
            let sizes = gone.iter().filter(|i| lost(i)).map(|i| Expr(vec![Instr::Size(node.indices[*i].clone())]));
            let times = product(&[times].into_iter().chain(sizes).collect::<Vec<_>>());
            let over: Vec<usize> = gone.iter().copied().filter(|i| !lost(i)).collect();
            node.operands = rest.map(|k| operands[k].clone()).into_iter().collect();
            let own = if rest.is_some() { product(&[Expr::load(0), times]) } else { times };
            node.op = match over.is_empty() {
                true => Op::Pointwise(own),
                false => Op::Rows { before: own, row: RowOp::Sum, over, after: Expr::row() },
            };
        }
        Op::View | Op::Attend { .. } | Op::Concat { .. } | Op::Repeat(_) => {}
    }
    // A product with ones is its other operand.
    let passes_on = matches!(&node.op, Op::Pointwise(e) if *e == Expr::load(0)) && node.operands.len() == 1;
    if passes_on && sees_all(node, &node.operands[0]) {
        node.op = Op::View;
    }
}

/// Whether every axis of an operand is an index of the result, so that a view can represent it.
fn sees_all(node: &Node, operand: &Access) -> bool {
    let plain = |a: &AxisRef| matches!(a, AxisRef::Index(i) if node.result().mentions(*i));
    operand.axes.iter().all(plain) && node.result().axes.iter().all(|a| matches!(a, AxisRef::Index(_)))
}

/// The number that every element of a node's result equals, if it is known.
fn number_of(node: &Node, known: &Known) -> Option<Expr> {
    let fixed = |e: &Expr| !e.0.iter().any(|i| matches!(i, Instr::Load(_) | Instr::Position(_) | Instr::Gather { .. }));
    match &node.op {
        Op::Pointwise(expr) if fixed(expr) => Some(expr.clone()),
        Op::View => known.get(&node.operands[0].value).cloned(),
        Op::Rows { before, row: RowOp::Sum, over, after } if fixed(before) && fixed(after) => {
            let sizes = over.iter().map(|i| Expr(vec![Instr::Size(node.indices[*i].clone())]));
            let row = product(&[before.clone()].into_iter().chain(sizes).collect::<Vec<_>>());
            let mut expr = Expr::default();
            expr.append(after, &mut |expr, instr| match instr {
                Instr::Row(_) => expr.append(&row, &mut |expr, leaf| expr.push(leaf.clone())),
                other => expr.push(other.clone()),
            });
            Some(folded(&expr))
        }
        _ => None,
    }
}

fn product(factors: &[Expr]) -> Expr {
    let mut expr = Expr::default();
    let mut last = None;
    for factor in factors {
        let place = expr.append(factor, &mut |expr, leaf| expr.push(leaf.clone()));
        last = Some(last.map_or(place, |before| expr.push(Instr::Binary(Binary::Mul, before, place))));
    }
    folded(&expr)
}

/// An expression with known operands replaced by numbers, then simplified.
fn replaced<'k>(expr: &Expr, number: &dyn Fn(usize) -> Option<&'k Expr>) -> Expr {
    let mut new = Expr::default();
    new.append(expr, &mut |new, instr| match instr {
        Instr::Load(k) => match number(*k) {
            Some(known) => new.append(known, &mut |new, leaf| new.push(leaf.clone())),
            None => new.push(Instr::Load(*k)),
        },
        other => new.push(other.clone()),
    });
    folded(&new)
}

/// Constant folding, without additions of 0 and multiplications by 1.
fn folded(expr: &Expr) -> Expr {
    let mut new: Vec<Instr> = Vec::with_capacity(expr.0.len());
    let mut places: Vec<usize> = Vec::with_capacity(expr.0.len());
    for instr in &expr.0 {
        let value = |at: usize| if let Instr::Const(x) = new[places[at]] { Some(x) } else { None };
        let made = match instr {
            Instr::Unary(f, a) => match value(*a) {
                Some(x) => Ok(Instr::Const(unary(*f, x))),
                None => Ok(Instr::Unary(*f, places[*a])),
            },
            Instr::Binary(f, a, b) => match (f, value(*a), value(*b)) {
                (_, Some(x), Some(y)) => Ok(Instr::Const(binary(*f, x, y))),
                (Binary::Mul | Binary::Div, _, Some(1.0)) | (Binary::Add | Binary::Sub, _, Some(0.0)) => {
                    Err(places[*a])
                }
                (Binary::Mul, Some(1.0), _) | (Binary::Add, Some(0.0), _) => Err(places[*b]),
                _ => Ok(Instr::Binary(*f, places[*a], places[*b])),
            },
            Instr::Select(c, a, b) => match value(*c) {
                Some(x) => Err(places[if x != 0.0 { *a } else { *b }]),
                None => Ok(Instr::Select(places[*c], places[*a], places[*b])),
            },
            Instr::Gather { source, at } => Ok(Instr::Gather { source: *source, at: places[*at] }),
            leaf => Ok(leaf.clone()),
        };
        places.push(match made {
            Ok(instr) => {
                new.push(instr);
                new.len() - 1
            }
            Err(place) => place,
        });
    }
    match places.last() {
        Some(&last) => Expr(new).part(last),
        None => Expr::default(),
    }
}

#[cfg(test)]
mod tests {
    use crate::builder::{Builder, EinsumSpec};
    use crate::ir::Sizes;
    use crate::oracle::{Tensor, Tensors, evaluate};

    use super::*;

    /// Masked sums, a count, masked logits: the uses of masks in models.
    fn masked() -> Graph {
        let mut b = Builder::new("sample");
        let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
        let x = b.input("x", shape(&["A", "B"]));
        let mask = b.input("mask", shape(&["A", "B"]));
        let einsum =
            |b: &mut Builder, text: &str, x: &[ValueId]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
        let kept = b.binary(Binary::Mul, x, mask).unwrap();
        let outer = einsum(&mut b, "ab,cb->ac", &[kept, kept]);
        let count = einsum(&mut b, "ab,cb->ac", &[mask, mask]);
        let count = b.binary(Binary::Add, count, 0.5).unwrap();
        let mean = b.binary(Binary::Div, outer, count).unwrap();
        let half = einsum(&mut b, "ab,cb->ac", &[x, mask]);
        let hidden = b.binary(Binary::Sub, mask, 1.0).unwrap();
        let hidden = b.binary(Binary::Mul, hidden, 1e9).unwrap();
        let logits = b.binary(Binary::Add, x, hidden).unwrap();
        let weights = b.softmax(logits, 1).unwrap();
        let total = b.sum(mask, &[1]).unwrap();
        for (name, value) in [("mean", mean), ("half", half), ("weights", weights), ("total", total)] {
            b.output(name, value);
        }
        b.finish()
    }

    #[test]
    fn without_its_masks_a_program_gives_the_same() {
        let graph = masked();
        let changed = assume_ones(&graph, &BTreeSet::from(["mask".to_string()]));
        crate::ir::check_graph(&changed).unwrap();
        let mask = graph.inputs[1].value;
        assert!(changed.nodes.values().all(|n| n.operands.iter().all(|o| o.value != mask)), "{changed}");
        assert!(changed.nodes.len() < graph.nodes.len());
        let sizes: Sizes = [("A", 3), ("B", 4), ("C", 3)].map(|(n, e)| (n.to_string(), e)).into();
        let x = Tensor { shape: vec![3, 4], data: (0..12).map(|k| f64::from(k * k % 7) - 2.0).collect() };
        let given = Tensors::from([("x".into(), x), ("mask".into(), Tensor::filled(vec![3, 4], 1.0))]);
        assert_eq!(evaluate(&changed, &sizes, &given).unwrap(), evaluate(&graph, &sizes, &given).unwrap());
        let fused = crate::fuse::fuse(&changed);
        assert_eq!(evaluate(&fused, &sizes, &given).unwrap(), evaluate(&graph, &sizes, &given).unwrap());
    }

    #[test]
    fn a_program_without_such_inputs_is_as_it_was() {
        let graph = masked();
        assert_eq!(assume_ones(&graph, &BTreeSet::from(["x y".to_string()])), graph);
    }
}
