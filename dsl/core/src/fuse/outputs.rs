//! Gives every output and every operand of a loop over layers its own memory: given by the caller or
//! written by a kernel, never a view or a weight.

use crate::ir::{Access, Expr, Graph, Node, Op, Value, ValueId};

/// Copies outputs that are inputs, parameters, views or outputs already.
pub(super) fn own(graph: &mut Graph) {
    let mut taken = Vec::new();
    for k in 0..graph.outputs.len() {
        let value = graph.outputs[k].value;
        let made = graph.nodes.values().find(|n| n.results.iter().any(|r| r.value == value));
        let own = made.is_some_and(|n| n.op != Op::View) && !taken.contains(&value);
        if !own {
            let name = graph.outputs[k].name.clone();
            let node = copy(graph, value, &name, format!("output {name}"));
            graph.outputs[k].value = node.result().value;
            graph.nodes.push(node);
        }
        taken.push(graph.outputs[k].value);
    }
}

/// Copies operands of a loop over layers that are views or parameters.
pub(super) fn own_layer_operands(graph: &mut Graph) {
    let nodes = std::mem::take(&mut graph.nodes);
    let mut is_view = graph.per_value(false);
    for mut node in Vec::from(nodes) {
        if node.op == Op::View {
            is_view[node.result().value] = true;
        }
        if let Op::Repeat(_) = node.op {
            for operand in &mut node.operands {
                if is_view[operand.value] || graph.is_param(operand.value) {
                    let name = graph.values[operand.value].name.clone();
                    let made = copy(graph, operand.value, &name, format!("{} {name}", node.origin));
                    operand.value = made.result().value;
                    is_view.push(false);
                    graph.nodes.push(made);
                }
            }
        }
        graph.nodes.push(node);
    }
}

/// A node that copies a value into a new one.
fn copy(graph: &mut Graph, value: ValueId, name: &str, origin: String) -> Node {
    let rank = graph.values[value].shape.len();
    let copied = Value::single(name, graph.values[value].shape.clone());
    let indices = copied.shape.clone();
    let made = graph.values.push(copied);
    Node {
        op: Op::Pointwise(Expr::load(0)),
        operands: vec![Access::plain(value, rank)],
        results: vec![Access::plain(made, rank)],
        indices,
        origin,
    }
}
