//! Splits in time.

use std::sync::Arc;

use egg::{Applier, EGraph, Id, Pattern, PatternAst, Subst, Symbol, rewrite};

use super::form::{Form, OpTag, Rule};
use crate::ir::{Behaviour, Combine, Graph, NodeId};

/// The rules of this topic. Their names are the names of their laws.
#[rustfmt::skip]
pub(super) fn rules(graph: &Arc<Graph>) -> Vec<Rule> {
    vec![
        // op(x) = merge_a(op(split_a x))                    a is map in op
        split_every("split-map", graph, Behaviour::Map),
        // op(x) = Σ_a op(split_a x)                         a is fold(+) in op
        split_every("split-sum", graph, Behaviour::Fold(Combine::Sum)),
        // op(x) = max_a op(split_a x)                       a is fold(max) in op
        split_every("split-max", graph, Behaviour::Fold(Combine::Max)),
        // op(x) = softmax-weighted mean of op(split_a x)    a is fold(softmax) in op
        split_every("split-softmax", graph, Behaviour::Fold(Combine::Softmax)),
        // split_a(merge_a x) = x                            two loops become one
        rewrite!("cancel"; "(split ?a (merge ?a ?x))" => "?x"),
    ]
}

fn split_every(name: &str, graph: &Arc<Graph>, behaviour: Behaviour) -> Rule {
    let every_class: Pattern<Form> = "?x".parse().expect("a pattern");
    let split = SplitEvery { graph: Arc::clone(graph), behaviour };
    egg::Rewrite::new(name, every_class, split).expect("no variable is unbound")
}

/// For each whole node of a class and each index with this treatment, adds the form that combines its slices.
struct SplitEvery {
    graph: Arc<Graph>,
    behaviour: Behaviour,
}

impl Applier<Form, ()> for SplitEvery {
    fn apply_one(
        &self,
        egraph: &mut EGraph<Form, ()>,
        class: Id,
        _: &Subst,
        _: Option<&PatternAst<Form>>,
        rule: Symbol,
    ) -> Vec<Id> {
        let whole: Vec<(NodeId, Vec<Id>)> = egraph[class]
            .iter()
            .filter_map(|f| {
                if let Form::Op(OpTag::Whole(node), operands) = f { Some((*node, operands.clone())) } else { None }
            })
            .collect();
        let mut changed = Vec::new();
        for (tag, operands) in whole {
            let node = &self.graph.nodes[tag];
            let so = |i: &usize| node.behaviour(*i) == self.behaviour;
            for index in (0..node.indices.len()).filter(so) {
                let axis = node.result().axis_of(index);
                if self.behaviour == Behaviour::Map && axis.is_none() {
                    continue;
                }
                let slices = node.operands.iter().zip(&operands).map(|(access, &x)| match access.axis_of(index) {
                    Some(a) => {
                        let a = egraph.add(Form::Axis(a as u32));
                        egraph.add(Form::Split([a, x]))
                    }
                    None => x,
                });
                let slices = slices.collect();
                let body = egraph.add(Form::Op(OpTag::Sliced(tag, index as u32), slices));
                let together = match (self.behaviour, axis) {
                    (Behaviour::Fold(Combine::Sum), _) => Form::Sum(body),
                    (Behaviour::Fold(Combine::Max), _) => Form::Max(body),
                    (Behaviour::Fold(Combine::Softmax), _) => Form::Softmax(body),
                    (_, Some(axis)) => Form::Merge([egraph.add(Form::Axis(axis as u32)), body]),
                    (_, None) => continue,
                };
                let together = egraph.add(together);
                if egraph.union_trusted(class, together, rule) {
                    changed.push(class);
                }
            }
        }
        changed
    }
}
