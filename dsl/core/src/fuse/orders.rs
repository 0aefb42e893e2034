//! Layout assignment: the order in which each value's axes are stored, and which views need a copy.
//!
//! Values are stored in the order of their axes, last one fastest, with three exceptions: those that a contraction
//! batches along their last axis (triangle multiplication's channels), where the batch axes come first, and pointwise
//! nodes before it propagate the order to their operands; outer products, where the axes of each operand are adjacent;
//! and terms added to logits, which are stored key by key.

use crate::ir::{AxisRef, Expr, Graph, Index, Node, NodeId, Op, PerValue, ValueId};

/// For each value the order of its axes in memory: `orders[v][k]` is the axis stored at place k.
pub type Orders = PerValue<Vec<usize>>;

/// Chooses the storage order of every value.
pub fn storage_orders(graph: &Graph) -> Orders {
    let natural = |v: ValueId| (0..graph.values[v].shape.len()).collect::<Vec<_>>();
    let mut wanted: PerValue<Option<Vec<usize>>> = graph.per_value(None);
    let mut fixed: PerValue<bool> = graph.per_value(false);
    let outside = graph.inputs.iter().chain(&graph.params).chain(&graph.outputs);
    outside.for_each(|p| fixed[p.value] = true);
    // Operand and result of a view keep their natural order.
    for node in graph.nodes.values().filter(|n| matches!(n.op, Op::View | Op::Repeat(_) | Op::Concat { .. })) {
        node.operands.iter().chain(&node.results).for_each(|a| fixed[a.value] = true);
    }
    for node in graph.nodes.values().rev() {
        match &node.op {
            Op::Contract(c) => {
                let batch: Vec<Index> = (0..node.indices.len())
                    .filter(|&i| node.operands[..=c.sums].iter().chain(&node.results).all(|a| a.mentions(i)))
                    .collect();
                for access in node.operands[..=c.sums].iter().chain(&node.results) {
                    let last = access.axes.last();
                    let batched = batch.iter().any(|&b| last == Some(&AxisRef::Index(b)));
                    if batched && wanted[access.value].is_none() {
                        let rank = access.axes.len();
                        let is_batch = |k: &usize| batch.iter().any(|&b| access.axes[*k] == AxisRef::Index(b));
                        let order = (0..rank).filter(is_batch).chain((0..rank).filter(|k| !is_batch(k))).collect();
                        wanted[access.value] = Some(order);
                    }
                }
                let result = node.result();
                if wanted[result.value].is_none() {
                    wanted[result.value] = sides_together(node);
                }
            }
            Op::Pointwise(_) => pass_on(node, &mut wanted),
            // A term added to logits is stored key by key.
            Op::Attend { key, .. } => {
                for added in &node.operands[3..] {
                    let others = (0..added.axes.len()).filter(|k| Some(*k) != added.axis_of(*key));
                    let order = others.chain(added.axis_of(*key)).collect();
                    wanted[added.value].get_or_insert(order);
                }
            }
            Op::View | Op::Rows { .. } | Op::Concat { .. } | Op::Repeat(_) => {}
        }
    }
    graph
        .values
        .keys()
        .map(|v| match wanted[v].take() {
            Some(order) if !fixed[v] => order,
            _ => natural(v),
        })
        .collect()
}

/// For an outer product, the order in which the axes that come from the same
/// operand are adjacent, if they are not already: it is then one matrix product instead of one for each pair.
fn sides_together(node: &Node) -> Option<Vec<usize>> {
    let (a, b, result) = (&node.operands[0], &node.operands[1], node.result());
    let from_a = |axis: usize| match result.axes[axis] {
        AxisRef::Index(i) => Some(a.mentions(i)).filter(|own| *own != b.mentions(i)),
        _ => None,
    };
    let sides: Vec<bool> = (0..result.axes.len()).map(from_a).collect::<Option<_>>()?;
    let changes = sides.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let last = *sides.last()?;
    let place = |side: bool| (0..sides.len()).filter(|k| sides[*k] == side).collect::<Vec<usize>>();
    (changes > 1).then(|| place(!last).into_iter().chain(place(last)).collect())
}

/// A pointwise node wants its operands in the order of its result.
fn pass_on(node: &Node, wanted: &mut PerValue<Option<Vec<usize>>>) {
    let Some(order) = wanted[node.result().value].clone() else { return };
    for operand in &node.operands {
        let full = operand.axes.len() == order.len();
        let place = |axis: &usize| match node.result().axes[*axis] {
            AxisRef::Index(i) => operand.axis_of(i),
            _ => None,
        };
        let mapped: Option<Vec<usize>> = order.iter().map(place).collect();
        if let (true, Some(mapped), None) = (full, mapped, &wanted[operand.value]) {
            wanted[operand.value] = Some(mapped);
        }
    }
}

/// Turns every view that strides cannot express (a join of axes that are not adjacent in memory)
/// into a copy.
pub(super) fn copy_what_cannot_be_seen(graph: &mut Graph) {
    let producers = graph.producers();
    for id in graph.nodes.keys() {
        if graph.nodes[id].op == Op::View && !visible(graph, &graph.nodes[id], &producers) {
            graph.nodes[id].op = Op::Pointwise(Expr::load(0));
        }
    }
}

/// Whether the axes that a view joins are adjacent, in order, in its natural-order operand.
fn visible(graph: &Graph, view: &Node, producers: &PerValue<Option<NodeId>>) -> bool {
    let source = &view.operands[0];
    // A view of a view may be strided: only joins of a value stored densely are accepted.
    let direct = producers[source.value].is_none_or(|p| graph.nodes[p].op != Op::View);
    view.result().axes.iter().all(|axis| match axis {
        AxisRef::Joined(o, i) => match (source.axis_of(*o), source.axis_of(*i)) {
            (Some(outer), Some(inner)) => direct && inner == outer + 1,
            _ => false,
        },
        _ => true,
    })
}
