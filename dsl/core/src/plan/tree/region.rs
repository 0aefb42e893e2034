//! Which stretches of an order may be one chunk loop: a split of the last node, grown backward and
//! forward for as long as split and merge cancel.

use std::rc::Rc;

use super::item::{Slices, Splits};
use super::piece::Piece;
use crate::ir::{AxisRef, NodeId, Op, PerNode, ValueId};
use crate::rules::{Operand, Slice};

/// The state of a node while a region grows.
#[derive(Clone, Copy)]
enum State<'f> {
    /// Outside the stretch.
    Outside,
    /// Not reached by the split.
    Open,
    /// Runs before the loop.
    Whole,
    Split(&'f Rc<Slice>),
}

/// The loop over some nodes, in order, whose last one is split along `seed`, if there is one.
///
/// Nodes that the split does not reach run before the loop, whole: a pair bias, a key needed for
/// every query. None where one of the nodes needs a whole result of the loop.
pub(in crate::plan) fn grow(piece: &Piece, stretch: &[NodeId], seed: &Rc<Slice>) -> Option<Slices> {
    let (bound, forms) = (&*piece.bound, &*piece.forms);
    let last = *stretch.last()?;
    let mut states = bound.graph.per_node(State::Outside);
    stretch.iter().for_each(|id| states[*id] = State::Open);
    states[last] = State::Split(seed);
    let mut work = vec![last];
    while let Some(id) = work.pop() {
        let State::Split(slice) = states[id] else { continue };
        let node = &bound.graph.nodes[id];
        for (operand, how) in node.operands.iter().zip(&slice.operands) {
            let Some(producer) = bound.producers[operand.value] else { continue };
            let wanted = match how {
                Operand::Split(axis) => forms.slice_of_axis(producer, *axis),
                Operand::Whole => None,
            };
            match (states[producer], wanted) {
                (State::Outside | State::Whole, _) => {}
                (State::Open, Some(wanted)) => {
                    states[producer] = State::Split(wanted);
                    work.push(producer);
                }
                (State::Split(known), Some(wanted)) if wanted == known => {}
                _ => hoist(piece, producer, &mut states),
            }
        }
        // Every reader of a slice inside the stretch must be in the loop too, or the stretch cannot be a loop.
        if !matches!(states[id], State::Split(_)) {
            continue;
        }
        let result = node.result().value;
        for &consumer in &piece.consumers[result] {
            if matches!(states[consumer], State::Outside) {
                continue;
            }
            for read in bound.graph.nodes[consumer].operands.iter().filter(|o| o.value == result) {
                // A fold must not be read before the loop ends.
                let AxisRef::Index(index) = read.axes[slice.axis()?] else { return None };
                let wanted = forms.slice(consumer, index)?;
                match states[consumer] {
                    State::Split(known) if known == wanted => {}
                    State::Open => {
                        states[consumer] = State::Split(wanted);
                        work.push(consumer);
                    }
                    _ => return None,
                }
            }
        }
    }
    let split = |id: &NodeId| match states[*id] {
        State::Split(slice) => Some(slice),
        _ => None,
    };
    let first = stretch.iter().find(|id| bound.graph.nodes[**id].op != Op::View)?;
    split(&last).and(split(first))?;
    let settled = stretch.iter().all(|id| settled(piece, *id, &split));
    // Slices accumulate in the result's own memory; a sum must be rounded only once, so the result must be in single
    // precision.
    let adds_up = |id: &NodeId| split(id).is_some_and(|slice| slice.axis().is_none());
    let rounds =
        stretch.iter().any(|id| adds_up(id) && !bound.format(bound.graph.nodes[*id].result().value).is_single());
    (settled && !rounds).then(|| Splits::new(stretch.iter().filter_map(|id| Some((*id, Rc::clone(split(id)?))))))
}

/// Moves a node and everything it needs inside the stretch before the loop.
fn hoist(piece: &Piece, id: NodeId, states: &mut PerNode<State<'_>>) {
    let mut stack = vec![id];
    while let Some(id) = stack.pop() {
        if matches!(states[id], State::Outside | State::Whole) {
            continue;
        }
        states[id] = State::Whole;
        let operands = piece.bound.graph.nodes[id].operands.iter();
        stack.extend(operands.filter_map(|o| piece.bound.producers[o.value]));
    }
}

/// Whether a node of the stretch reads its operands as its split requires and, if it runs before the loop, nothing
/// that the loop makes.
fn settled<'f>(piece: &Piece, id: NodeId, split: &dyn Fn(&NodeId) -> Option<&'f Rc<Slice>>) -> bool {
    let bound = &*piece.bound;
    let slice = split(&id);
    bound.graph.nodes[id].operands.iter().enumerate().all(|(k, operand)| {
        let of = |value: ValueId| bound.producers[value].and_then(|producer| split(&producer));
        match (slice, of(operand.value)) {
            // Read through a view that the loop does not split.
            (_, None) => of(bound.roots[operand.value]).is_none(),
            (None, Some(_)) => false,
            (Some(slice), Some(made)) => made.axis().is_some_and(|axis| slice.operands[k] == Operand::Split(axis)),
        }
    })
}
