//! `f(g(x)) = (f∘g)(x)` for pointwise g, and a pointwise f after a row operation.

use super::unread::{drop_unread, readers, remove_dead};
use crate::ir::{Access, AxisRef, Expr, Graph, Index, Instr, Node, Op};

/// Operands a composed node may have at most: beyond it the loop runs out of registers.
const MOST_OPERANDS: usize = 10;
/// Arithmetic instructions that are cheaper computed again than stored.
const CHEAP: usize = 3;

/// Pointwise fusion: composes pointwise nodes into the pointwise and row nodes that read them.
pub(super) fn into_consumers(graph: &mut Graph) {
    let producers = graph.producers();
    let readers = readers(graph);
    for id in graph.nodes.keys() {
        while let Some((k, merged)) = graph.nodes[id].operands.iter().enumerate().find_map(|(k, operand)| {
            let producer = &graph.nodes[producers[operand.value]?];
            let merged = compose(&graph.nodes[id], k, producer, readers[operand.value] == 1)?;
            Some((k, merged))
        }) {
            debug_assert!(k < graph.nodes[id].operands.len());
            graph.nodes[id] = merged;
        }
    }
    remove_dead(graph);
}

/// `node` with operand `k` computed in place by its producer's expression.
fn compose(node: &Node, k: usize, producer: &Node, only_reader: bool) -> Option<Node> {
    let Op::Pointwise(inner) = &producer.op else { return None };
    if inner.0.iter().any(|i| matches!(i, Instr::Gather { .. })) {
        return None;
    }
    let access = &node.operands[k];
    let expressions: Vec<&Expr> = match &node.op {
        Op::Pointwise(expr) => vec![expr],
        Op::Rows { before, after, .. } => vec![before, after],
        _ => return None,
    };
    if expressions.iter().any(|e| e.0.iter().any(|i| matches!(i, Instr::Gather { .. }))) {
        return None;
    }
    // The producer is cheap, or each of its points is computed only once.
    let covers = (0..node.indices.len()).all(|i| access.mentions(i) || node.indices[i] == 1.into());
    let uses = expressions.iter().filter(|e| e.0.contains(&Instr::Load(k))).count();
    let cheap = inner.functions() <= CHEAP && inner.transcendentals() == 0 && producer.operands.len() <= 2;
    if !(cheap && (only_reader || producer.operands.len() <= 1) || (only_reader && covers && uses == 1)) {
        return None;
    }
    let substitute = |i: Index| -> Option<AxisRef> { producer.result().axis_of(i).map(|a| access.axes[a].clone()) };
    let mut operands: Vec<Access> = node.operands.clone();
    let mut places = Vec::new();
    for operand in &producer.operands {
        let axes = operand.axes.iter().map(|axis| match axis {
            AxisRef::Unit => Some(AxisRef::Unit),
            AxisRef::Index(i) => match substitute(*i)? {
                simple @ (AxisRef::Index(_) | AxisRef::Unit) => Some(simple),
                AxisRef::Joined(..) | AxisRef::Shifted(..) => None,
            },
            AxisRef::Joined(..) | AxisRef::Shifted(..) => None,
        });
        places.push(add_operand(&mut operands, Access { value: operand.value, axes: axes.collect::<Option<_>>()? }));
    }
    let leaf = |expr: &mut Expr, instr: &Instr| match instr {
        Instr::Load(j) => expr.push(Instr::Load(places[*j])),
        Instr::Position(i) => match substitute(*i) {
            Some(AxisRef::Index(c)) => expr.push(Instr::Position(c)),
            _ => expr.push(Instr::Const(0.0)),
        },
        other => expr.push(other.clone()),
    };
    let replace = |outer: &Expr| {
        let mut expr = Expr::default();
        expr.append(outer, &mut |expr, instr| match instr {
            Instr::Load(j) if *j == k => expr.append(inner, &mut { leaf }),
            other => expr.push(other.clone()),
        });
        expr
    };
    let op = match &node.op {
        Op::Pointwise(expr) => Op::Pointwise(replace(expr)),
        Op::Rows { before, row, over, after } => {
            Op::Rows { before: replace(before), row: *row, over: over.clone(), after: replace(after) }
        }
        _ => return None,
    };
    finish(Node { op, operands, ..node.clone() })
}

/// Fuses a pointwise node, if it is the only reader of a row node, into the epilogue of the row operation.
///
/// Only when its other operands are smaller (a scale, an offset, a mask): a residual is not fused, so
/// that it can be updated in place.
pub(super) fn into_rows(graph: &mut Graph) {
    let producers = graph.producers();
    let readers = readers(graph);
    for id in graph.nodes.keys() {
        let merged = graph.nodes[id].operands.iter().enumerate().find_map(|(k, operand)| {
            let rows = &graph.nodes[producers[operand.value]?];
            (readers[operand.value] == 1).then(|| after_rows(&graph.nodes[id], k, rows))?
        });
        if let Some(merged) = merged {
            graph.nodes[id] = merged;
        }
    }
    remove_dead(graph);
}

fn after_rows(node: &Node, k: usize, rows: &Node) -> Option<Node> {
    let (Op::Pointwise(expr), Op::Rows { before, row, over, after }) = (&node.op, &rows.op) else { return None };
    let access = &node.operands[k];
    let rank = node.result().axes.len();
    let plain = |a: &Access| a.axes.iter().all(|x| matches!(x, AxisRef::Index(_)));
    let bijective =
        plain(access) && access.axes.len() == rank && (0..node.indices.len()).all(|i| access.axis_of(i).is_some());
    let others_smaller = node.operands.iter().enumerate().all(|(j, o)| j == k || o.axes.len() < rank);
    let once = node.operands.iter().filter(|o| o.value == access.value).count() == 1;
    let gathers = expr.0.iter().chain(&before.0).chain(&after.0).any(|i| matches!(i, Instr::Gather { .. }));
    if !bijective || !others_smaller || !once || gathers || !plain(rows.result()) {
        return None;
    }
    // The row node's indices in terms of the node's; consumed ones are new.
    let mut indices = node.indices.clone();
    let map: Vec<Index> = (0..rows.indices.len())
        .map(|i| match rows.result().axis_of(i) {
            Some(axis) => match access.axes[axis] {
                AxisRef::Index(c) => c,
                _ => unreachable!("plain"),
            },
            None => {
                indices.push(rows.indices[i].clone());
                indices.len() - 1
            }
        })
        .collect();
    let moved = |axis: &AxisRef| match axis {
        AxisRef::Index(i) => AxisRef::Index(map[*i]),
        AxisRef::Unit => AxisRef::Unit,
        AxisRef::Joined(o, i) => AxisRef::Joined(map[*o], map[*i]),
        AxisRef::Shifted(i, start) => AxisRef::Shifted(map[*i], start.clone()),
    };
    let mut operands = node.operands.clone();
    let places: Vec<usize> = rows
        .operands
        .iter()
        .map(|o| add_operand(&mut operands, Access { value: o.value, axes: o.axes.iter().map(moved).collect() }))
        .collect();
    let leaf = |expr: &mut Expr, instr: &Instr| match instr {
        Instr::Load(j) => expr.push(Instr::Load(places[*j])),
        Instr::Position(i) => expr.push(Instr::Position(map[*i])),
        other => expr.push(other.clone()),
    };
    let mut new_before = Expr::default();
    new_before.append(before, &mut { leaf });
    let mut new_after = Expr::default();
    new_after.append(expr, &mut |out, instr| match instr {
        Instr::Load(j) if *j == k => out.append(after, &mut { leaf }),
        other => out.push(other.clone()),
    });
    let over = over.iter().map(|i| map[*i]).collect();
    let op = Op::Rows { before: new_before, row: *row, over, after: new_after };
    finish(Node { op, operands, indices, ..node.clone() })
}

fn add_operand(operands: &mut Vec<Access>, access: Access) -> usize {
    operands.iter().position(|o| *o == access).unwrap_or_else(|| {
        operands.push(access);
        operands.len() - 1
    })
}

/// Drops operands that no expression loads; refuses a node with too many left.
fn finish(mut node: Node) -> Option<Node> {
    drop_unread(&mut node);
    (node.operands.len() <= MOST_OPERANDS).then_some(node)
}
