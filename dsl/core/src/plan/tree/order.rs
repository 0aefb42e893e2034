//! Orders in which the nodes of a graph may run; regions are stretches of one.

use crate::ir::{Graph, NodeId, Op, PerNode, ValueId};

/// Nodes up to which every order is tried, and how many orders at most.
const FEW: usize = 6;
const MOST: usize = 24;

/// The orders tried: as written, and depth first from the outputs, from the first or from the last, with the
/// subtree that needs the most memory for the smallest result first (Sethi and Ullman 1970, on a graph
/// instead of a tree).
pub(in crate::plan) fn orders(graph: &Graph, bytes: &dyn Fn(ValueId) -> u64) -> Vec<Vec<NodeId>> {
    let mut orders: Vec<Vec<NodeId>> = vec![graph.nodes.keys().collect()];
    let outputs: Vec<ValueId> = graph.outputs.iter().map(|o| o.value).collect();
    let backward = outputs.iter().rev().copied().collect();
    for outputs in [outputs, backward] {
        let deep = depth_first(graph, bytes, &outputs);
        if !orders.contains(&deep) {
            orders.push(deep);
        }
    }
    if graph.nodes.values().filter(|n| n.op != Op::View).count() <= FEW {
        every(graph, &mut Vec::new(), &mut orders);
    }
    orders
}

/// Adds every order of the nodes, up to the most that are tried.
fn every(graph: &Graph, begun: &mut Vec<NodeId>, orders: &mut Vec<Vec<NodeId>>) {
    if begun.len() == graph.nodes.len() && !orders.contains(begun) {
        orders.push(begun.clone());
    }
    let producers = graph.producers();
    for id in graph.nodes.keys() {
        let ready = |begun: &Vec<NodeId>| {
            let mut before = graph.nodes[id].operands.iter().filter_map(|o| producers[o.value]);
            !begun.contains(&id) && before.all(|p| begun.contains(&p))
        };
        if orders.len() < MOST && ready(begun) {
            begun.push(id);
            every(graph, begun, orders);
            begun.pop();
        }
    }
}

fn depth_first(graph: &Graph, bytes: &dyn Fn(ValueId) -> u64, outputs: &[ValueId]) -> Vec<NodeId> {
    let producers = graph.producers();
    let result = |id: NodeId| -> u64 {
        if graph.nodes[id].op == Op::View { 0 } else { graph.nodes[id].results.iter().map(|r| bytes(r.value)).sum() }
    };
    // The memory a node's subtree needs beyond its result: of the operands, the neediest first.
    let mut needs = graph.per_node(0u64);
    let mut operands: PerNode<Vec<NodeId>> = graph.per_node(Vec::new());
    for (id, node) in graph.nodes.iter() {
        let mut before: Vec<NodeId> = node.operands.iter().filter_map(|o| producers[o.value]).collect();
        before.sort_unstable();
        before.dedup();
        before.sort_by_key(|&p| (std::cmp::Reverse(needs[p].saturating_sub(result(p))), p));
        let mut held = 0;
        for &p in &before {
            needs[id] = needs[id].max(held + needs[p]);
            held += result(p);
        }
        needs[id] = needs[id].max(held + result(id));
        operands[id] = before;
    }
    let mut order = Vec::with_capacity(graph.nodes.len());
    let mut placed = graph.per_node(false);
    let roots = outputs.iter().filter_map(|o| producers[*o]);
    for root in roots.chain(graph.nodes.keys()) {
        let mut stack = vec![(root, 0)];
        while let Some((id, next)) = stack.pop() {
            if placed[id] {
                continue;
            }
            match operands[id].get(next) {
                Some(&operand) => {
                    stack.push((id, next + 1));
                    stack.push((operand, 0));
                }
                None => {
                    placed[id] = true;
                    order.push(id);
                }
            }
        }
    }
    order
}
