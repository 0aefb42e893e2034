//! The passes in their order.

use super::{absorb, attend, compose, orders, outputs};
use crate::ir::{Graph, Op};

/// The graph as run: same inputs, parameters and outputs, fewer and larger nodes.
pub fn fuse(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    for node in graph.nodes.values_mut() {
        if let Op::Repeat(repeat) = &mut node.op {
            repeat.body = fuse(&repeat.body);
        }
    }
    outputs::own(&mut graph);
    outputs::own_layer_operands(&mut graph);
    absorb::views(&mut graph);
    loop {
        let before = graph.nodes.len();
        compose::into_consumers(&mut graph);
        compose::into_rows(&mut graph);
        if graph.nodes.len() == before {
            break;
        }
    }
    attend::softmax_then_contraction(&mut graph);
    orders::copy_what_cannot_be_seen(&mut graph);
    graph
}
