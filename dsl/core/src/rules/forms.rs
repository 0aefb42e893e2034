//! The forms of a graph: its e-graph saturated, and the splits read off it.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use egg::{EGraph, Id, Runner};

use super::chunk;
use super::form::{self, Form, OpTag, Rule};
use super::slice::{Join, Operand, Slice};
use crate::ir::{Combine, Graph, Index, NodeId, PerValue};

/// Iterations until the rules stop; a graph saturates in 3.
const ITERATIONS: usize = 12;

/// Nodes an e-graph may have; a block of 150 operations has about 2,000.
const NODES: usize = 400_000;

/// Every rule, for one graph.
pub fn rules(graph: &Arc<Graph>) -> Vec<Rule> {
    chunk::rules(graph)
}

/// The splits found by the rules, read from the saturated e-graph.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    slices: BTreeMap<NodeId, Vec<Rc<Slice>>>,
    /// Nodes of the e-graph when it was saturated.
    pub size: usize,
    /// Classes of the e-graph then.
    pub classes: usize,
    /// Rounds of all rules until then.
    pub iterations: usize,
    /// Whether the rules saturated before a limit.
    pub saturated: bool,
}

impl Forms {
    /// Explores the forms of a graph.
    pub fn explore(graph: &Graph) -> Forms {
        let shared = Arc::new(graph.clone());
        let mut egraph: EGraph<Form, ()> = EGraph::default();
        let classes = form::insert(&mut egraph, graph);
        let runner = Runner::<Form, ()>::default()
            .with_egraph(egraph)
            .with_iter_limit(ITERATIONS)
            .with_node_limit(NODES)
            .with_time_limit(std::time::Duration::MAX)
            .with_scheduler(egg::SimpleScheduler)
            .run(&rules(&shared));
        let saturated = matches!(runner.stop_reason, Some(egg::StopReason::Saturated));
        let (iterations, egraph) = (runner.iterations.len(), runner.egraph);
        let (size, classes_left) = (egraph.total_size(), egraph.number_of_classes());
        let mut forms = Forms { size, classes: classes_left, iterations, saturated, ..Forms::default() };
        for (id, node) in graph.nodes.iter() {
            if let [result] = node.results.as_slice() {
                let slices = extract(&egraph, &classes, graph, id, classes[result.value]);
                forms.slices.insert(id, slices);
            }
        }
        forms
    }

    /// Every legal split of a node.
    pub fn slices(&self, node: NodeId) -> &[Rc<Slice>] {
        self.slices.get(&node).map_or(&[], Vec::as_slice)
    }

    /// The split of a node along one of its indices, if it is legal.
    pub fn slice(&self, node: NodeId, index: Index) -> Option<&Rc<Slice>> {
        self.slices(node).iter().find(|s| s.index == index)
    }

    /// The split of a node whose slices merge along this axis of its result.
    pub fn slice_of_axis(&self, node: NodeId, axis: usize) -> Option<&Rc<Slice>> {
        self.slices(node).iter().find(|s| s.join == Join::Merge(axis))
    }
}

/// Reads the splits of node `id` off its class: each `merge axis (sliced node)`, `sum (sliced node)` or
/// `max (sliced node)` is one.
fn extract(egraph: &EGraph<Form, ()>, classes: &PerValue<Id>, graph: &Graph, id: NodeId, class: Id) -> Vec<Rc<Slice>> {
    let axis_number =
        |class: Id| egraph[class].iter().find_map(|f| if let Form::Axis(a) = f { Some(*a as usize) } else { None });
    let mut slices = Vec::new();
    for form in egraph[class].iter() {
        let (join, body) = match form {
            Form::Merge([axis, body]) => (Join::Merge(axis_number(*axis).expect("a merge names its axis")), body),
            Form::Sum(body) => (Join::Combine(Combine::Sum), body),
            Form::Max(body) => (Join::Combine(Combine::Max), body),
            Form::Softmax(body) => (Join::Combine(Combine::Softmax), body),
            Form::Axis(_) | Form::Split(_) | Form::Op(..) => continue,
        };
        for sliced in egraph[*body].iter() {
            let Form::Op(OpTag::Sliced(node, index), children) = sliced else { continue };
            if *node != id {
                continue;
            }
            let operands = children.iter().zip(&graph.nodes[id].operands).map(|(child, operand)| {
                let whole = egraph.find(classes[operand.value]);
                let split = egraph[*child].iter().find_map(|f| match f {
                    Form::Split([a, x]) if egraph.find(*x) == whole => axis_number(*a),
                    _ => None,
                });
                split.map_or(Operand::Whole, Operand::Split)
            });
            slices.push(Rc::new(Slice { index: *index as usize, join, operands: operands.collect() }));
        }
    }
    slices.sort_by_key(|s| s.index);
    slices.dedup();
    debug_assert!(slices.iter().all(|s| s.operands.len() == graph.nodes[id].operands.len()));
    slices
}
