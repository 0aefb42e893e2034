//! A part of a program between two cuts: a graph of its own, in one order, with who reads what.
//!
//! At a cut every value that crosses is whole, whatever runs before and after. So the peak of a piece
//! depends on nothing but itself and what stays alive around it.

use std::rc::Rc;

use super::bound::Bound;
use super::life::END;
use super::target::Target;
use crate::ir::{NodeId, Op, ValueId};
use crate::rules::Forms;

/// A graph in one order.
pub(super) struct Piece {
    pub bound: Rc<Bound>,
    pub forms: Rc<Forms>,
    pub target: Rc<Target>,
    pub order: Vec<NodeId>,
    /// Where each node stands in the order.
    pub position: Vec<usize>,
    /// The last position at which each root is read; [`END`] for outputs and inputs that stay.
    pub last_use: Vec<usize>,
}

impl Piece {
    /// `stays` marks inputs that must outlive the piece.
    pub(super) fn new(
        bound: Rc<Bound>,
        forms: Rc<Forms>,
        target: Rc<Target>,
        order: Vec<NodeId>,
        stays: &[bool],
    ) -> Piece {
        let graph = &bound.graph;
        let mut position = vec![0; graph.nodes.len()];
        order.iter().enumerate().for_each(|(p, &id)| position[id] = p);
        let mut last_use = vec![0; graph.values.len()];
        for &id in &order {
            let node = &graph.nodes[id];
            for operand in node.operands.iter().filter(|_| node.op != Op::View) {
                last_use[bound.roots[operand.value]] = position[id];
            }
        }
        for value in 0..graph.values.len() {
            if bound.is_output[value] || stays[value] {
                last_use[bound.roots[value]] = END;
            }
        }
        Piece { bound, forms, target, order, position, last_use }
    }

    /// The roots made before position `l` (inputs too) that are read at or after it.
    pub(super) fn live_at(&self, l: usize) -> impl Iterator<Item = ValueId> {
        let bound = &*self.bound;
        (0..bound.roots.len()).filter(move |&v| {
            let made_before = match bound.producers[v] {
                Some(id) => self.position[id] < l,
                None => !bound.is_param[v] && bound.graph.inputs.iter().any(|p| p.value == v),
            };
            bound.roots[v] == v && made_before && self.last_use[v] >= l
        })
    }
}
