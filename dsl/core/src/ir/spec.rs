//! The rules of well-formed graphs, checked after building, after rewriting and before planning.

use cranelift_entity::EntityRef;

use super::access::{Access, AxisRef, Index};
use super::contraction::Contraction;
use super::extent::Extent;
use super::graph::{Graph, Node, Op};
use super::scalar::{Expr, Instr};

/// A graph that breaks the rules: a bug in the code that built it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node {node} (`{origin}`): {problem}")]
pub struct SpecError {
    /// The node's number.
    pub node: usize,
    /// Its source name.
    pub origin: String,
    /// What is wrong.
    pub problem: String,
}

/// Checks that every node reads existing values, that axes and extents match, that expressions are well formed.
///
/// # Errors
/// The first node that breaks a rule.
pub fn check_graph(graph: &Graph) -> Result<(), SpecError> {
    let mut known = graph.per_value(false);
    for port in graph.inputs.iter().chain(&graph.params) {
        known[port.value] = true;
    }
    for (id, node) in graph.nodes.iter() {
        let fail = |problem: String| SpecError { node: id.index(), origin: node.origin.clone(), problem };
        for operand in &node.operands {
            if !known.get(operand.value).is_some_and(|known| *known) {
                return Err(fail(format!("reads value {} before it is computed", operand.value)));
            }
        }
        check_node(graph, node).map_err(fail)?;
        for result in &node.results {
            if std::mem::replace(&mut known[result.value], true) {
                return Err(fail(format!("defines value {} a second time", result.value)));
            }
        }
    }
    match graph.outputs.iter().find(|o| !known[o.value]) {
        Some(o) => Err(SpecError {
            node: graph.nodes.len(),
            origin: o.name.clone(),
            problem: "is an output that no node computes".into(),
        }),
        None => Ok(()),
    }
}

fn check_node(graph: &Graph, node: &Node) -> Result<(), String> {
    for access in &node.operands {
        check_access(graph, node, access)?;
    }
    for access in &node.results {
        check_access(graph, node, access)?;
        if access.axes.iter().any(|a| matches!(a, AxisRef::Shifted(..))) {
            return Err("writes a slice".into());
        }
    }
    let one = node.results.len() == 1;
    match &node.op {
        Op::Pointwise(expr) if one => check_expr(node, expr, 0),
        Op::View if one && node.operands.len() == 1 => Ok(()),
        Op::Contract(contraction) if one => check_contraction(node, contraction),
        Op::Rows { before, row, over, after } if one => {
            check_expr(node, before, 0)?;
            check_expr(node, after, 1)?;
            let result = &node.results[0];
            match over.iter().find(|&&i| result.mentions(i) == row.consumes()) {
                Some(i) => Err(format!("row index {i} is misplaced in the result")),
                None => Ok(()),
            }
        }
        Op::Attend { factor, key, inner, channel, causal } if one && node.operands.len() >= 3 => {
            let has = |k: usize, i: &usize| node.operands[k].mentions(*i);
            let result = &node.results[0];
            let added = |i: &usize| node.operands[3..].iter().any(|o| o.mentions(*i));
            let key_fits = has(1, key) && has(2, key) && !has(0, key) && !result.mentions(*key);
            let inner_fits = !has(2, inner) && !added(inner) && !result.mentions(*inner);
            let channel_fits = !has(0, channel) && !has(1, channel) && !added(channel);
            if !factor.is_number() {
                return Err("scales its logits by something that is not a number".into());
            }
            let of_queries = |i: Index| result.mentions(i) && !has(1, &i) && !has(2, &i) && i != *channel;
            if causal.is_some_and(|query| !of_queries(query)) {
                return Err("bounds its keys by something that is not an index of queries".into());
            }
            match [key, inner, channel].into_iter().all(|i| *i < node.indices.len())
                && key_fits
                && inner_fits
                && channel_fits
            {
                true => Ok(()),
                false => Err("has its key, inner or channel index on the wrong operands".into()),
            }
        }
        Op::Concat { along } if one => match node.results[0].axis_of(*along) {
            Some(_) => Ok(()),
            None => Err("concatenates along an index that the result does not have".into()),
        },
        Op::Repeat(repeat) => {
            if node.results.len() != repeat.carried || repeat.body.outputs.len() != repeat.carried {
                return Err("carries a different number of values than it returns".into());
            }
            if repeat.body.inputs.len() != node.operands.len() {
                return Err("passes its body a different number of inputs than it takes".into());
            }
            check_graph(&repeat.body).map_err(|e| e.to_string())
        }
        op => Err(format!("{} has {} operands and {} results", op.name(), node.operands.len(), node.results.len())),
    }
}

fn check_contraction(node: &Node, contraction: &Contraction) -> Result<(), String> {
    let Contraction { norm, sums, after } = contraction;
    let loads = contraction.loads();
    if *sums == 0 || node.operands.len() < loads {
        return Err(format!("contracts {} operands to {sums} sums", node.operands.len()));
    }
    check_expr(node, after, *sums)?;
    if after
        .0
        .iter()
        .any(|i| matches!(i, Instr::Load(k) if *k < loads) || matches!(i, Instr::Gather { .. } | Instr::Position(_)))
    {
        return Err("gathers an operand that it multiplies".into());
    }
    let gone = |i: &usize| !node.results[0].mentions(*i);
    if node.operands[loads..].iter().any(|o| (0..node.indices.len()).any(|i| gone(&i) && o.mentions(i))) {
        return Err("gathers along an index that it sums over".into());
    }
    let row = |i: &usize| gone(i) && node.operands[0].mentions(*i);
    let affine = contraction.affine().into_iter().flatten();
    let fits = affine.map(|k| &node.operands[k]).all(|o| (0..node.indices.len()).all(|i| !o.mentions(i) || row(&i)));
    match norm.is_none() || fits && (0..node.indices.len()).filter(gone).all(|i| row(&i)) {
        true => Ok(()),
        false => Err("has a norm over something other than a row".into()),
    }
}

fn check_access(graph: &Graph, node: &Node, access: &Access) -> Result<(), String> {
    let shape = &graph.values[access.value].shape;
    if shape.len() != access.axes.len() {
        return Err(format!("sees {} axes of value {}, which has {}", access.axes.len(), access.value, shape.len()));
    }
    for (axis, extent) in access.axes.iter().zip(shape) {
        let largest = match axis {
            AxisRef::Index(i) | AxisRef::Shifted(i, _) => *i,
            AxisRef::Joined(o, i) => (*o).max(*i),
            AxisRef::Unit => 0,
        };
        if largest >= node.indices.len() && *axis != AxisRef::Unit {
            return Err(format!("uses index {largest} of {}", node.indices.len()));
        }
        // A concatenation's own index is the sum of its parts.
        let seen = node.axis_extent(axis);
        if seen.as_ref().is_some_and(|e: &Extent| e != extent) {
            return Err(format!("sees extent {} where value {} has {extent}", seen.unwrap_or_default(), access.value));
        }
    }
    Ok(())
}

/// `rows`: how many row results or sums it may use.
fn check_expr(node: &Node, expr: &Expr, rows: usize) -> Result<(), String> {
    if expr.0.is_empty() {
        return Err("has an empty expression".into());
    }
    for (place, instr) in expr.0.iter().enumerate() {
        let (places, fine): (Vec<usize>, bool) = match instr {
            Instr::Load(k) => (vec![], *k < node.operands.len()),
            Instr::Const(_) | Instr::Size(_) => (vec![], true),
            Instr::Position(i) => (vec![], *i < node.indices.len()),
            Instr::Gather { source, at } => (vec![*at], *source < node.operands.len()),
            Instr::Row(k) => (vec![], *k < rows),
            Instr::Unary(_, a) => (vec![*a], true),
            Instr::Binary(_, a, b) => (vec![*a, *b], true),
            Instr::Select(c, a, b) => (vec![*c, *a, *b], true),
        };
        if !fine || places.iter().any(|p| *p >= place) {
            return Err(format!("instruction {place} of its expression is malformed: {instr:?}"));
        }
    }
    Ok(())
}
