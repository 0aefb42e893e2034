//! Splits in time.

use std::sync::Arc;

use egg::{Applier, EGraph, Id, Pattern, PatternAst, Subst, Symbol, rewrite};

use super::form::{Form, OpTag};
use crate::ir::{Behaviour, Graph};

/// The rules of this topic. Their names are the names of their laws.
#[rustfmt::skip]
pub(super) fn rules(graph: &Arc<Graph>) -> Vec<super::Rule> {
    vec![
        // op(x) = merge_a(op(split_a x))                    a is map in op
        split_every_map_index("split-map", graph),
        // split_a(merge_a x) = x                            two loops become one
        rewrite!("cancel"; "(split ?a (merge ?a ?x))" => "?x"),
    ]
}

fn split_every_map_index(name: &str, graph: &Arc<Graph>) -> super::Rule {
    let every_class: Pattern<Form> = "?x".parse().expect("a pattern");
    egg::Rewrite::new(name, every_class, SplitMap(Arc::clone(graph))).expect("no variable is unbound")
}

/// Adds, for each whole node of a class and each index that it maps, the merge of its slices.
struct SplitMap(Arc<Graph>);

impl Applier<Form, ()> for SplitMap {
    fn apply_one(
        &self,
        egraph: &mut EGraph<Form, ()>,
        class: Id,
        _: &Subst,
        _: Option<&PatternAst<Form>>,
        rule: Symbol,
    ) -> Vec<Id> {
        let whole: Vec<(u32, Vec<Id>)> = egraph[class]
            .iter()
            .filter_map(|f| {
                if let Form::Op(OpTag::Whole(node), operands) = f { Some((*node, operands.clone())) } else { None }
            })
            .collect();
        let mut changed = Vec::new();
        for (tag, operands) in whole {
            let node = &self.0.nodes[tag as usize];
            let maps = |i: &usize| node.behaviour(*i) == Behaviour::Map;
            for index in (0..node.indices.len()).filter(maps) {
                let Some(axis) = node.result().axis_of(index) else { continue };
                let slices = node.operands.iter().zip(&operands).map(|(access, &x)| match access.axis_of(index) {
                    Some(a) => {
                        let a = egraph.add(Form::Axis(a as u32));
                        egraph.add(Form::Split([a, x]))
                    }
                    None => x,
                });
                let slices = slices.collect();
                let body = egraph.add(Form::Op(OpTag::Sliced(tag, index as u32), slices));
                let axis = egraph.add(Form::Axis(axis as u32));
                let merged = egraph.add(Form::Merge([axis, body]));
                if egraph.union_trusted(class, merged, rule) {
                    changed.push(class);
                }
            }
        }
        changed
    }
}
