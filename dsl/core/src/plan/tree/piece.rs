//! A part of a program between two cuts: a separate graph, in one order, with the readers of each value.
//!
//! At a cut every value that crosses is whole. So the peak of a piece
//! depends on nothing but itself and what stays alive around it.

use std::rc::Rc;

use super::bound::Bound;
use super::cost::Costs;
use super::until::Until;
use crate::ir::{NodeId, Op, PerNode, PerValue, ValueId};
use crate::plan::machine::Target;
use crate::rules::Forms;

/// A graph in one order.
pub(in crate::plan) struct Piece {
    pub bound: Rc<Bound>,
    pub forms: Rc<Forms>,
    pub target: Rc<Target>,
    pub costs: Rc<Costs>,
    pub order: Vec<NodeId>,
    /// The position of each node in the order.
    pub position: PerNode<usize>,
    /// The last position at which each root is read; the end for outputs and inputs that stay.
    pub last_use: PerValue<Until>,
    /// The nodes that read each value, views too, in the order.
    pub consumers: PerValue<Vec<NodeId>>,
    /// The roots that are not weights, and the positions after which they exist.
    made: Vec<(ValueId, usize)>,
}

impl Piece {
    /// `stays` marks inputs that must outlive the piece.
    pub(in crate::plan) fn new(
        costs: &Rc<Costs>,
        forms: Rc<Forms>,
        order: Vec<NodeId>,
        stays: &PerValue<bool>,
    ) -> Piece {
        let (bound, target) = (Rc::clone(&costs.bound), Rc::clone(&costs.target));
        let graph = &bound.graph;
        let mut position = graph.per_node(0);
        order.iter().enumerate().for_each(|(p, &id)| position[id] = p);
        let mut last_use = graph.per_value(Until::At(0));
        for &id in &order {
            let node = &graph.nodes[id];
            for operand in node.operands.iter().filter(|_| node.op != Op::View) {
                last_use[bound.roots[operand.value]] = Until::At(position[id]);
            }
        }
        for value in graph.values.keys() {
            if bound.is_output[value] || stays[value] {
                last_use[bound.roots[value]] = Until::End;
            }
        }
        let mut consumers: PerValue<Vec<NodeId>> = graph.per_value(Vec::new());
        for &id in &order {
            for operand in &graph.nodes[id].operands {
                if consumers[operand.value].last() != Some(&id) {
                    consumers[operand.value].push(id);
                }
            }
        }
        let there = |v: ValueId| match bound.producers[v] {
            Some(id) => Some(position[id] + 1),
            None => (!bound.is_param[v] && graph.inputs.iter().any(|p| p.value == v)).then_some(0),
        };
        let roots = bound.roots.keys().filter(|&v| bound.roots[v] == v);
        let made = roots.filter_map(|v| Some((v, there(v)?))).collect();
        Piece { bound, forms, target, costs: Rc::clone(costs), order, position, last_use, consumers, made }
    }

    /// The roots made before position `l` (inputs too) that are read at or after it.
    pub(in crate::plan) fn live_at(&self, l: usize) -> impl Iterator<Item = ValueId> {
        self.made.iter().filter(move |(v, at)| *at <= l && self.last_use[*v] >= Until::At(l)).map(|(v, _)| *v)
    }
}
