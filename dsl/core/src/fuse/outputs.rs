//! Every output is a value of its own: made by a kernel, given once.

use crate::ir::{Access, AxisRef, Expr, Graph, Node, Op};

/// Copies outputs that are inputs, parameters, views or outputs already.
pub(super) fn own(graph: &mut Graph) {
    let mut taken = Vec::new();
    for k in 0..graph.outputs.len() {
        let value = graph.outputs[k].value;
        let made = graph.nodes.iter().find(|n| n.results.iter().any(|r| r.value == value));
        let own = made.is_some_and(|n| n.op != Op::View) && !taken.contains(&value);
        if !own {
            let (mut copy, rank) = (graph.values[value].clone(), graph.values[value].shape.len());
            copy.name = graph.outputs[k].name.clone();
            let node = Node {
                op: Op::Pointwise(Expr::load(0)),
                operands: vec![Access::plain(value, rank)],
                results: vec![Access { value: graph.values.len(), axes: (0..rank).map(AxisRef::Index).collect() }],
                indices: copy.shape.clone(),
                origin: format!("output {}", copy.name),
            };
            graph.values.push(copy);
            graph.nodes.push(node);
            graph.outputs[k].value = graph.values.len() - 1;
        }
        taken.push(graph.outputs[k].value);
    }
}
