//! Which values are kept in fewer bits where a program allows it: a choice of storage, no identity.

use crate::ir::{Extent, Graph, Instr, Node, Op};
use crate::kernel::Contract;

/// Gives the values between operations the format that the graph allows, as far as that costs no more than a rounding
/// each: what products make, and what is made of that.
///
/// In single precision stay: what the outside gives and gets, layers included; state on its way from one to the other,
/// which takes over its own memory; what rows need between passes; sums in several steps; what says where to gather, and all
/// that no product made, such as positions.
pub fn narrow(graph: &mut Graph, size: &dyn Fn(&Extent) -> u64) {
    if graph.precision.is_single() {
        return;
    }
    let roots = graph.roots();
    let mut single = graph.per_value(false);
    let ports = graph.inputs.iter().chain(&graph.params).chain(&graph.outputs);
    ports.for_each(|port| single[roots[port.value]] = true);
    let mut last_reader = graph.per_value(None);
    for (id, node) in graph.nodes.iter().filter(|(_, node)| node.op != Op::View) {
        for (k, operand) in node.operands.iter().enumerate() {
            last_reader[roots[operand.value]] = Some(id);
            single[roots[operand.value]] |= matches!(node.op, Op::Repeat(_)) || says_where(node, k);
        }
    }
    let mut is_param = graph.per_value(false);
    graph.params.iter().for_each(|port| is_param[port.value] = true);
    for id in graph.nodes.keys() {
        let node = &graph.nodes[id];
        let made_of_products = match &node.op {
            Op::View | Op::Rows { .. } | Op::Repeat(_) => false,
            Op::Contract(_) => {
                let contracted = (0..node.indices.len()).filter(|i| !node.result().mentions(*i));
                contracted.map(|i| size(&node.indices[i])).fold(1, u64::saturating_mul) <= Contract::TERMS
            }
            Op::Attend { .. } => true,
            Op::Pointwise(_) | Op::Concat { .. } => {
                node.operands.iter().any(|o| !graph.values[roots[o.value]].format.is_single())
            }
        };
        let continues = node.operands.iter().enumerate().any(|(k, operand)| {
            let root = roots[operand.value];
            let ends = last_reader[root] == Some(id) && !is_param[root];
            let is_single = graph.values[root].format.is_single();
            ends && is_single && node.may_overwrite(k)
        });
        if made_of_products && !continues && !single[node.results[0].value] {
            let result = node.results[0].value;
            graph.values[result].format = graph.precision;
        }
    }
    for node in graph.nodes.values_mut() {
        if let Op::Repeat(repeat) = &mut node.op {
            repeat.body.precision = graph.precision;
            narrow(&mut repeat.body, size);
        }
    }
}

/// Whether an operand of a node says at which places it gathers.
fn says_where(node: &Node, operand: usize) -> bool {
    let Op::Pointwise(expr) = &node.op else { return false };
    let is = |of: &dyn Fn(&Instr) -> bool| expr.0.iter().any(of);
    is(&|i| matches!(i, Instr::Gather { .. })) && is(&|i| matches!(i, Instr::Load(k) if *k == operand))
}

#[cfg(test)]
#[path = "narrow_tests.rs"]
mod tests;
