//! `op(view x) = op'(x)`: a permuted or broadcast operand is read through other axes instead.

use super::unread::remove_dead;
use crate::ir::{Access, AxisRef, Graph, Node, Op};

/// Absorbs every view that only moves, adds or drops axes into its readers.
pub(super) fn views(graph: &mut Graph) {
    let producers = graph.producers();
    for id in graph.nodes.keys() {
        // A concatenation finds each part's own index by its axis.
        if matches!(graph.nodes[id].op, Op::Repeat(_) | Op::Concat { .. }) {
            continue;
        }
        for k in 0..graph.nodes[id].operands.len() {
            let seen = |graph: &Graph| {
                let operand = &graph.nodes[id].operands[k];
                through(&graph.nodes[producers[operand.value]?], operand)
            };
            while let Some(access) = seen(graph) {
                graph.nodes[id].operands[k] = access;
            }
        }
    }
    remove_dead(graph);
}

/// The view's operand as accessed by the view's reader, if each axis has at most one index.
fn through(view: &Node, reader: &Access) -> Option<Access> {
    if view.op != Op::View {
        return None;
    }
    let (source, result) = (&view.operands[0], view.result());
    let axes = source.axes.iter().map(|axis| match axis {
        AxisRef::Unit => Some(AxisRef::Unit),
        AxisRef::Index(i) => result.axis_of(*i).map(|a| reader.axes[a].clone()),
        AxisRef::Joined(..) | AxisRef::Shifted(..) => None,
    });
    let simple = result.axes.iter().all(|a| matches!(a, AxisRef::Index(_) | AxisRef::Unit));
    let access = Access { value: source.value, axes: axes.collect::<Option<_>>()? };
    simple.then_some(access)
}
