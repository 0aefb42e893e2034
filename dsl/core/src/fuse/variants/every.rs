//! The equivalent graphs that are worth planning.

use cranelift_entity::EntityRef;

use super::products::{After, with_norms, with_products};
use super::reassociate;
use crate::fuse::unread::readers;
use crate::ir::{Extent, Graph, Node, NodeId, Op, RowOp};

/// The graph, and the graphs equal to it that are worth planning at some sizes.
pub fn variants(graph: &Graph, size: &dyn Fn(&Extent) -> u64) -> Vec<Graph> {
    let mut all = vec![graph.clone()];
    all.extend(reassociate::cheaper(graph, size));
    for base in all.clone() {
        let mut equal: Vec<Graph> = [After::All, After::Small].map(|after| with_products(&base, after, size)).into();
        // A norm fused into every product that reads it is already recomputed there.
        let apart = with_norms(&base, size);
        equal.extend([Apart::First, Apart::Last, Apart::Both].map(|which| recompute(&apart, which)));
        for changed in equal {
            if changed != apart && !all.contains(&changed) {
                all.push(changed);
            }
        }
    }
    all
}

/// The readers of a value that recompute it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apart {
    First,
    Last,
    Both,
}

/// `f(x), g(x) = f(x₁), g(x₂)` with x₁, x₂ computed alike: for each norm that several nodes read.
fn recompute(graph: &Graph, which: Apart) -> Graph {
    let mut changed = graph.clone();
    let counts = readers(graph);
    // Readers through views count as readers: a view is not a copy.
    let mut inserted: Vec<(NodeId, Node)> = Vec::new();
    for (id, node) in graph.nodes.iter() {
        if !matches!(node.op, Op::Rows { row: RowOp::Normalize { .. }, .. }) {
            continue;
        }
        let value = node.results[0].value;
        let reading: Vec<NodeId> =
            graph.nodes.keys().filter(|&r| graph.nodes[r].operands.iter().any(|o| o.value == value)).collect();
        let outside = counts[value] > reading.len();
        let enough = reading.len() >= if which == Apart::Both { 3 } else { 2 };
        if outside || !enough {
            continue;
        }
        let (first, last) = (reading[0], reading[reading.len() - 1]);
        let own: &[NodeId] = match which {
            Apart::First => &[first],
            Apart::Last => &[last],
            Apart::Both => &[first, last],
        };
        for &reader in own {
            let copy = changed.values.push(changed.values[value].clone());
            let mut made = graph.nodes[id].clone();
            made.results[0].value = copy;
            for operand in changed.nodes[reader].operands.iter_mut().filter(|o| o.value == value) {
                operand.value = copy;
            }
            inserted.push((reader, made));
        }
    }
    // Each copy is placed just before its reader; later ones first, so that positions stay valid.
    inserted.sort_by_key(|(reader, _)| std::cmp::Reverse(*reader));
    changed.edit_nodes(|nodes| inserted.into_iter().for_each(|(reader, node)| nodes.insert(reader.index(), node)));
    changed
}
