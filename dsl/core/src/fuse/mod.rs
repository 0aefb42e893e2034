//! From the graph as written to the graph as run: views absorbed, pointwise chains composed, storage
//! orders chosen, what must be copied copied. Each rewrite is an identity; the laws test them.

mod absorb;
mod attend;
mod compose;
mod narrow;
mod ones;
mod orders;
mod outputs;
mod products;
mod reassociate;
mod variants;

pub use narrow::narrow;
pub use ones::assume_ones;
pub use orders::{Orders, storage_orders};
pub use variants::variants;

use crate::ir::{Expr, Graph, Instr, Node, Op};

/// The graph as run: same inputs, parameters and outputs, fewer and larger nodes.
pub fn fuse(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    for node in &mut graph.nodes {
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

/// Removes nodes whose results nobody reads.
pub fn remove_dead(graph: &mut Graph) {
    let mut read = vec![false; graph.values.len()];
    for port in &graph.outputs {
        read[port.value] = true;
    }
    for node in graph.nodes.iter().rev() {
        if node.results.iter().any(|r| read[r.value]) {
            for operand in &node.operands {
                read[operand.value] = true;
            }
        }
    }
    graph.nodes.retain(|n| n.results.iter().any(|r| read[r.value]));
    graph.params.retain(|p| read[p.value]);
}

/// How many nodes (and outputs) read each value.
fn readers(graph: &Graph) -> Vec<usize> {
    let mut count = vec![0; graph.values.len()];
    for consumers in graph.consumers().iter().enumerate() {
        count[consumers.0] = consumers.1.len();
    }
    for port in &graph.outputs {
        count[port.value] += 1;
    }
    count
}

/// Drops operands that no expression reads.
fn drop_unread(node: &mut Node) {
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
