//! Which stretches of an order may be one chunk loop: a split of the last node, grown backward and
//! forward for as long as split and merge cancel.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::piece::Piece;
use super::tree::Slices;
use crate::ir::{AxisRef, NodeId, Op};
use crate::rules::{Operand, Slice};

/// The loop over some nodes, in order, whose last one is split along `seed`, if there is one.
///
/// Nodes that the split does not reach run before the loop, whole: a pair bias, a key needed for
/// every query. None where something that needs a whole result of the loop is among them.
pub(super) fn grow(piece: &Piece, stretch: &[NodeId], seed: &Slice) -> Option<Slices> {
    let (bound, forms) = (&*piece.bound, &*piece.forms);
    let inside = |id: NodeId| stretch.contains(&id);
    let last = *stretch.last()?;
    let mut slices: BTreeMap<NodeId, Slice> = BTreeMap::from([(last, seed.clone())]);
    let mut whole: BTreeSet<NodeId> = BTreeSet::new();
    let mut work = vec![last];
    while let Some(id) = work.pop() {
        let Some(slice) = slices.get(&id).cloned() else { continue };
        let node = &bound.graph.nodes[id];
        for (operand, how) in node.operands.iter().zip(&slice.operands) {
            let Some(producer) = bound.producers[operand.value].filter(|&p| inside(p)) else { continue };
            if whole.contains(&producer) {
                continue;
            }
            let wanted = match how {
                Operand::Split(axis) => forms.slice_of_axis(producer, *axis),
                Operand::Whole => None,
            };
            match (wanted, slices.get(&producer)) {
                (Some(wanted), None) => {
                    slices.insert(producer, wanted.clone());
                    work.push(producer);
                }
                (Some(wanted), Some(known)) if wanted == known => {}
                _ => hoist(piece, producer, &inside, &mut slices, &mut whole),
            }
        }
        // Whoever reads a slice inside the stretch is in the loop too, or the stretch is no loop.
        if !slices.contains_key(&id) {
            continue;
        }
        for &consumer in
            stretch.iter().filter(|c| bound.graph.nodes[**c].operands.iter().any(|o| o.value == node.result().value))
        {
            let reads = bound.graph.nodes[consumer].operands.iter().filter(|o| o.value == node.result().value);
            for read in reads {
                // Nobody may read a fold before the loop ends.
                let AxisRef::Index(index) = read.axes[slice.axis()?] else { return None };
                let wanted = forms.slice(consumer, index)?;
                match slices.get(&consumer) {
                    _ if whole.contains(&consumer) => return None,
                    Some(known) if known == wanted => {}
                    Some(_) => return None,
                    None => {
                        slices.insert(consumer, wanted.clone());
                        work.push(consumer);
                    }
                }
            }
        }
    }
    let first = stretch.iter().find(|id| bound.graph.nodes[**id].op != Op::View)?;
    let consistent = slices.contains_key(&last) && slices.contains_key(first) && settled(piece, &slices, stretch);
    consistent.then(|| Rc::new(slices))
}

/// Makes a node and everything it needs inside the stretch run before the loop.
fn hoist(
    piece: &Piece,
    id: NodeId,
    inside: &dyn Fn(NodeId) -> bool,
    slices: &mut BTreeMap<NodeId, Slice>,
    whole: &mut BTreeSet<NodeId>,
) {
    let mut stack = vec![id];
    while let Some(id) = stack.pop() {
        if !inside(id) || !whole.insert(id) {
            continue;
        }
        slices.remove(&id);
        let operands = piece.bound.graph.nodes[id].operands.iter();
        stack.extend(operands.filter_map(|o| piece.bound.producers[o.value]));
    }
}

/// Whether every node of the loop reads its operands as its slice says, and nothing before the loop
/// reads what the loop makes.
fn settled(piece: &Piece, slices: &BTreeMap<NodeId, Slice>, stretch: &[NodeId]) -> bool {
    let bound = &*piece.bound;
    stretch.iter().all(|id| {
        let node = &bound.graph.nodes[*id];
        let slice = slices.get(id);
        node.operands.iter().enumerate().all(|(k, operand)| {
            let made = bound.producers[operand.value].and_then(|p| slices.get(&p));
            let root = bound.producers[bound.roots[operand.value]].and_then(|p| slices.get(&p));
            match (slice, made) {
                // Seen through a view that the loop does not reach.
                (_, None) => root.is_none(),
                (None, Some(_)) => false,
                (Some(slice), Some(made)) => made.axis().is_some_and(|axis| slice.operands[k] == Operand::Split(axis)),
            }
        })
    })
}
