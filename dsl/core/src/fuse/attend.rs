//! `Σ_j softmax_j(q·k + …)_j v_j = attend(q, k, v, …)`: softmax then contraction as one fold over the keys.

use cranelift_entity::EntityRef;

use super::unread::{readers, remove_dead};
use crate::ir::{
    Access, AxisRef, Binary, Expr, Extent, Graph, Index, Instr, Node, NodeId, Op, PerValue, RowOp, Sizes, Unary, Value,
    ValueId, number,
};

/// Replaces every softmax whose logits are a product plus terms, and whose weights only a contraction reads.
pub(super) fn softmax_then_contraction(graph: &mut Graph) {
    let mut at = 0;
    while at < graph.nodes.len() {
        if let Some((before, attend)) = derive(graph, NodeId::new(at)) {
            graph.nodes[NodeId::new(at)] = attend;
            let count = before.len();
            graph.edit_nodes(|nodes| nodes.splice(at..at, before).for_each(drop));
            at += count;
        }
        at += 1;
    }
    remove_dead(graph);
}

/// A term of the logits.
enum Term {
    /// The product, times a number.
    Product(Expr),
    /// Anything else.
    Other(Expr),
}

/// The attention that ends in contraction `id`, and the nodes that compute its terms. Adds their values.
fn derive(graph: &mut Graph, id: NodeId) -> Option<(Vec<Node>, Node)> {
    let (producers, readers) = (graph.producers(), readers(graph));
    let last = graph.nodes[id].clone();
    if last.op != Op::contract() {
        return None;
    }
    let only = |value: ValueId| (readers[value] == 1).then(|| producers[value]).flatten();
    let (weights, softmax) = (0..2).find_map(|w| {
        let softmax = &graph.nodes[only(last.operands[w].value)?];
        matches!(softmax.op, Op::Rows { row: RowOp::Softmax, .. }).then(|| (w, softmax.clone()))
    })?;
    let Op::Rows { before, over, after, .. } = &softmax.op else { return None };
    let [key] = over.as_slice() else { return None };
    if !after.is_row() {
        return None;
    }
    // The softmax's indices, then the product's, in terms of the contraction's.
    let by_softmax = renamed(softmax.result(), &last.operands[weights], softmax.indices.len(), &Some)?;
    let by_softmax: Vec<Index> = by_softmax.into_iter().collect::<Option<_>>()?;
    let key = by_softmax[*key];
    // A pair bias may be a product too: the logits are the one with the most indices.
    let products = softmax.operands.iter().enumerate().filter_map(|(k, operand)| {
        let product = &graph.nodes[only(operand.value)?];
        (product.op == Op::contract()).then(|| (k, product.clone()))
    });
    let (logits, product) = products.max_by_key(|(k, _)| (softmax.operands[*k].axes.len(), std::cmp::Reverse(*k)))?;
    let known = |i: Index| Some(by_softmax[i]);
    let by_product = renamed(product.result(), &softmax.operands[logits], product.indices.len(), &known)?;
    let mut indices = last.indices.clone();
    let mut inner = None;
    let mut place = |i: Index| match by_product[i] {
        Some(place) => Some(place),
        None if inner.is_none_or(|(own, _)| own == i) => {
            let (_, place) = *inner.get_or_insert_with(|| {
                indices.push(product.indices[i].clone());
                (i, indices.len() - 1)
            });
            Some(place)
        }
        None => None,
    };
    let sides: Vec<Access> = product.operands.iter().map(|o| moved(o, &mut place)).collect::<Option<_>>()?;
    let (_, inner) = inner?;
    let (q, k) = match (sides[0].mentions(key), sides[1].mentions(key)) {
        (false, true) => (0, 1),
        (true, false) => (1, 0),
        _ => return None,
    };
    let values = &last.operands[1 - weights];
    let gone: Vec<Index> = (0..last.indices.len()).filter(|&i| !last.result().mentions(i)).collect();
    let mut channels = (0..last.indices.len()).filter(|&i| last.result().mentions(i) && !by_softmax.contains(&i));
    let channel = channels.next();
    if gone != [key] || !values.mentions(key) || channels.next().is_some() {
        return None;
    }
    let channel = channel.unwrap_or_else(|| {
        indices.push(1.into());
        indices.len() - 1
    });

    let mut parts = Parts { product: logits, terms: Vec::new(), causal: None };
    parts.split(before, before.0.len() - 1, false)?;
    let causal = match parts.causal {
        Some([ends, query]) => {
            let query = by_softmax[query];
            let of_queries = query != key && !values.mentions(query) && !sides[k].mentions(query);
            if by_softmax[ends] != key || !of_queries {
                return None;
            }
            Some(query)
        }
        None => None,
    };
    let (mut nodes, mut added, mut factor) = (Vec::new(), Vec::new(), None);
    for term in parts.terms {
        match term {
            Term::Product(own) if factor.is_none() => factor = Some(own),
            Term::Product(_) => return None,
            Term::Other(expr) => match bare(&expr) {
                Some(k) => added.push(moved(&softmax.operands[k], &mut |i| Some(by_softmax[i]))?),
                None => {
                    let (node, access) = term_node(graph, &expr, &softmax, &by_softmax)?;
                    added.push(access);
                    nodes.push(node);
                }
            },
        }
    }
    let mut factor = factor?;
    let [queries, keys] = [q, k].map(|side| unscaled(graph, &producers, &sides[side], &mut factor));
    let operands = [queries, keys, values.clone()].into_iter().chain(added).collect();
    let op = Op::Attend { factor, key, inner, channel, causal };
    Some((nodes, Node { op, operands, indices, results: last.results.clone(), origin: last.origin }))
}

/// Each index of a value's producer in terms of its reader's indices; all axes must be plain.
pub(in crate::fuse) fn renamed(
    made: &Access,
    read: &Access,
    count: usize,
    reader: &dyn Fn(Index) -> Option<Index>,
) -> Option<Vec<Option<Index>>> {
    let mut names = vec![None; count];
    for pair in made.axes.iter().zip(&read.axes) {
        let (AxisRef::Index(own), AxisRef::Index(theirs)) = pair else { return None };
        if names[*own].replace(reader(*theirs)?).is_some() {
            return None;
        }
    }
    Some(names)
}

/// An access in terms of other indices.
pub(super) fn moved(access: &Access, place: &mut dyn FnMut(Index) -> Option<Index>) -> Option<Access> {
    let axes = access.axes.iter().map(|axis| {
        Some(match axis {
            AxisRef::Index(i) => AxisRef::Index(place(*i)?),
            AxisRef::Unit => AxisRef::Unit,
            AxisRef::Joined(o, i) => AxisRef::Joined(place(*o)?, place(*i)?),
            AxisRef::Shifted(i, start) => AxisRef::Shifted(place(*i)?, start.clone()),
        })
    });
    Some(Access { value: access.value, axes: axes.collect::<Option<_>>()? })
}

/// The queries or keys without a constant factor, which is moved into the attention's factor.
fn unscaled(graph: &Graph, producers: &PerValue<Option<NodeId>>, access: &Access, by: &mut Expr) -> Access {
    let behind = || {
        let node = &graph.nodes[producers[access.value]?];
        let ([operand], Op::Pointwise(expr)) = (node.operands.as_slice(), &node.op) else { return None };
        factor(expr, expr.0.len() - 1, 0)?;
        let places = node.result().axes.iter().zip(&access.axes);
        let seen = |own: Index| places.clone().find(|(a, _)| **a == AxisRef::Index(own)).map(|(_, b)| b.clone());
        let axes = operand.axes.iter().map(|axis| match axis {
            AxisRef::Index(i) => seen(*i),
            AxisRef::Unit => Some(AxisRef::Unit),
            AxisRef::Joined(..) | AxisRef::Shifted(..) => None,
        });
        Some((Access { value: operand.value, axes: axes.collect::<Option<_>>()? }, with_one(expr, 0)))
    };
    let Some((found, times)) = behind() else { return access.clone() };
    let last = by.0.len() - 1;
    let other = by.append(&times, &mut |expr, instr| expr.push(instr.clone()));
    by.push(Instr::Binary(Binary::Mul, last, other));
    found
}

/// The parts of the logits.
struct Parts {
    /// The operand that is the product.
    product: usize,
    terms: Vec<Term>,
    /// The softmax's indices of keys and of queries, where the logits of keys above their query are −∞.
    causal: Option<[Index; 2]>,
}

impl Parts {
    /// Adds the terms of a sum; none unless the product is in exactly one of them, times a number.
    fn split(&mut self, expr: &Expr, at: usize, negative: bool) -> Option<()> {
        if let Some((indices, kept)) = hidden(expr, at).filter(|_| !negative) {
            // A sum with −∞ is −∞: a key masked by any term is masked in the softmax.
            if *self.causal.get_or_insert(indices) != indices {
                return None;
            }
            return self.split(expr, kept, negative);
        }
        match &expr.0[at] {
            Instr::Binary(Binary::Add, a, b) => {
                self.split(expr, *a, negative)?;
                self.split(expr, *b, negative)
            }
            Instr::Binary(Binary::Sub, a, b) => {
                self.split(expr, *a, negative)?;
                self.split(expr, *b, !negative)
            }
            Instr::Unary(Unary::Neg, a) => self.split(expr, *a, !negative),
            // Nothing is added.
            Instr::Const(0.0) => Some(()),
            _ => {
                let mut part = expr.part(at);
                let uses = part.0.iter().filter(|i| **i == Instr::Load(self.product)).count();
                if uses > 0 {
                    // With 1 in place of the product, the rest is its factor, if it is one.
                    factor(&part, part.0.len() - 1, self.product)?;
                    part = with_one(&part, self.product);
                }
                if negative {
                    let last = part.0.len() - 1;
                    part.push(Instr::Unary(Unary::Neg, last));
                }
                self.terms.push(if uses > 0 { Term::Product(part) } else { Term::Other(part) });
                Some(())
            }
        }
    }
}

/// Recognizes `if i ≤ j { x } else { −∞ }`: i and j, and the place of x. A large finite number does not count as −∞:
/// a row whose other logits are all as small would still give weight to masked keys.
fn hidden(expr: &Expr, at: usize) -> Option<([Index; 2], usize)> {
    let Instr::Select(condition, then, other) = expr.0[at] else { return None };
    let (mut condition, mut holds) = (condition, true);
    while let Instr::Unary(Unary::Not, inner) = expr.0[condition] {
        (condition, holds) = (inner, !holds);
    }
    let Instr::Binary(compared, a, b) = expr.0[condition] else { return None };
    let (Instr::Position(a), Instr::Position(b)) = (&expr.0[a], &expr.0[b]) else { return None };
    let (indices, holds) = match compared {
        Binary::Le => ([*a, *b], holds),
        // Where j < i does not hold.
        Binary::Lt => ([*b, *a], !holds),
        _ => return None,
    };
    let (kept, gone) = if holds { (then, other) } else { (other, then) };
    let never = number(&expr.part(gone), &Sizes::new()) == Some(f64::NEG_INFINITY);
    never.then_some((indices, kept))
}

/// Whether an expression is the product times a number that depends on no element.
fn factor(expr: &Expr, at: usize, product: usize) -> Option<()> {
    let constant = |at: usize| expr.part(at).is_number();
    match &expr.0[at] {
        Instr::Load(k) if *k == product => Some(()),
        Instr::Binary(Binary::Mul, a, b) if constant(*b) => factor(expr, *a, product),
        Instr::Binary(Binary::Mul, a, b) if constant(*a) => factor(expr, *b, product),
        Instr::Binary(Binary::Div, a, b) if constant(*b) => factor(expr, *a, product),
        _ => None,
    }
}

/// A product's factor as an expression: 1 in the product's place.
fn with_one(expr: &Expr, product: usize) -> Expr {
    let swap = |instr: &Instr| if *instr == Instr::Load(product) { Instr::Const(1.0) } else { instr.clone() };
    Expr(expr.0.iter().map(swap).collect())
}

/// The operand that an expression returns unchanged.
fn bare(expr: &Expr) -> Option<usize> {
    match expr.0.as_slice() {
        [Instr::Load(k)] => Some(*k),
        _ => None,
    }
}

/// A term to compute separately, over the indices it depends on; none if it depends on all indices of the logits.
fn term_node(graph: &mut Graph, expr: &Expr, softmax: &Node, names: &[Index]) -> Option<(Node, Access)> {
    let depends = |i: Index| {
        expr.0.iter().any(|instr| match instr {
            Instr::Load(k) => softmax.operands[*k].mentions(i),
            Instr::Position(at) => *at == i,
            _ => false,
        })
    };
    let own: Vec<Index> = (0..softmax.indices.len()).filter(|&i| depends(i)).collect();
    let gathers = expr.0.iter().any(|i| matches!(i, Instr::Gather { .. }));
    if own.len() == softmax.indices.len() || gathers {
        return None;
    }
    let place = |i: Index| own.iter().position(|o| *o == i);
    let mut operands: Vec<Access> = Vec::new();
    let mut instrs = Vec::with_capacity(expr.0.len());
    for instr in &expr.0 {
        instrs.push(match instr {
            Instr::Load(k) => {
                let access = moved(&softmax.operands[*k], &mut { place })?;
                let known = operands.iter().position(|o| *o == access);
                Instr::Load(known.unwrap_or_else(|| {
                    operands.push(access);
                    operands.len() - 1
                }))
            }
            Instr::Position(i) => Instr::Position(place(*i)?),
            other => other.clone(),
        });
    }
    let indices = own.iter().map(|i| softmax.indices[*i].clone()).collect();
    let node = pointwise(graph, Expr(instrs), operands, indices, &softmax.origin);
    let axes = own.iter().map(|i| AxisRef::Index(names[*i])).collect();
    let access = Access { value: node.results[0].value, axes };
    Some((node, access))
}

fn pointwise(graph: &mut Graph, expr: Expr, operands: Vec<Access>, indices: Vec<Extent>, origin: &str) -> Node {
    let name = origin.rsplit('.').next().unwrap_or(origin).to_string();
    let made = graph.values.push(Value::single(name, indices.clone()));
    let results = vec![Access::plain(made, indices.len())];
    Node { op: Op::Pointwise(expr), operands, results, indices, origin: origin.to_string() }
}
