//! Removal of unread nodes and operands.

use crate::ir::{Expr, Graph, Instr, Node, Op, PerValue};

/// Removes nodes whose results are not read.
pub fn remove_dead(graph: &mut Graph) {
    let mut read = graph.per_value(false);
    for port in &graph.outputs {
        read[port.value] = true;
    }
    for node in graph.nodes.values().rev() {
        if node.results.iter().any(|r| read[r.value]) {
            for operand in &node.operands {
                read[operand.value] = true;
            }
        }
    }
    graph.edit_nodes(|nodes| nodes.retain(|n| n.results.iter().any(|r| read[r.value])));
    graph.params.retain(|p| read[p.value]);
}

/// How many nodes (and outputs) read each value.
pub(super) fn readers(graph: &Graph) -> PerValue<usize> {
    let mut count: PerValue<usize> = graph.consumers().values().map(Vec::len).collect();
    for port in &graph.outputs {
        count[port.value] += 1;
    }
    count
}

/// Drops operands that no expression reads.
pub(super) fn drop_unread(node: &mut Node) {
    let expressions: Vec<&mut Expr> = match &mut node.op {
        Op::Pointwise(e) => vec![e],
        Op::Rows { before, after, .. } => vec![before, after],
        _ => return,
    };
    let reads = |e: &Expr, k: usize| {
        e.0.iter().any(|i| matches!(i, Instr::Load(at) | Instr::Gather { source: at, .. } if *at == k))
    };
    let used: Vec<bool> = (0..node.operands.len()).map(|k| expressions.iter().any(|e| reads(e, k))).collect();
    let place: Vec<usize> = used.iter().scan(0, |n, u| Some(std::mem::replace(n, *n + usize::from(*u)))).collect();
    for instr in expressions.into_iter().flat_map(|e| &mut e.0) {
        if let Instr::Load(k) | Instr::Gather { source: k, .. } = instr {
            *k = place[*k];
        }
    }
    let mut keep = used.into_iter();
    node.operands.retain(|_| keep.next().unwrap_or(true));
}
