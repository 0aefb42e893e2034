//! The e-graph language of forms.

use std::fmt;
use std::str::FromStr;

use egg::{EGraph, Id, define_language};

use crate::ir::{Graph, NodeId, Op, PerValue, ValueId};

define_language! {
    /// A value in one of its forms.
    #[allow(missing_docs)] // the macro takes no documentation of variants
    pub enum Form {
        // The position of an axis.
        Axis(u32),
        // (split axis x): the slices of x along an axis.
        "split" = Split([Id; 2]),
        // (merge axis x): the whole value whose slices are x.
        "merge" = Merge([Id; 2]),
        // (sum x): the sum of the partial results x.
        "sum" = Sum(Id),
        // (max x): the largest of the partial results x.
        "max" = Max(Id),
        // (softmax x): the mean of the partial results x, weighted by their sums of exponentials.
        "softmax" = Softmax(Id),
        // A node applied to the forms of its operands; a leaf where it has none.
        Op(OpTag, Vec<Id>),
    }
}

/// A rewrite of forms.
pub type Rule = egg::Rewrite<Form, ()>;

/// Which node a form applies, and whether to whole values or to slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OpTag {
    /// An input, a parameter or a result of a repeat.
    Leaf(ValueId),
    /// The node on whole operands.
    Whole(NodeId),
    /// The node on slices of one of its indices.
    Sliced(NodeId, u32),
}

impl fmt::Display for OpTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpTag::Leaf(value) => write!(f, "v{value}"),
            OpTag::Whole(node) => write!(f, "n{node}"),
            OpTag::Sliced(node, index) => write!(f, "n{node}/{index}"),
        }
    }
}

impl FromStr for OpTag {
    type Err = String;
    fn from_str(text: &str) -> Result<OpTag, String> {
        let number = |t: &str| t.parse::<u32>().map_err(|e| format!("`{text}` names no node: {e}"));
        match (text.strip_prefix('v'), text.strip_prefix('n').map(|t| t.split_once('/').ok_or(t))) {
            (Some(value), _) => Ok(OpTag::Leaf(ValueId::from_u32(number(value)?))),
            (_, Some(Ok((node, index)))) => Ok(OpTag::Sliced(NodeId::from_u32(number(node)?), number(index)?)),
            (_, Some(Err(node))) => Ok(OpTag::Whole(NodeId::from_u32(number(node)?))),
            _ => Err(format!("`{text}` names no node")),
        }
    }
}

/// Adds a graph, every value whole; returns the class of each value.
pub(super) fn insert(egraph: &mut EGraph<Form, ()>, graph: &Graph) -> PerValue<Id> {
    let leaf = |v: ValueId| Form::Op(OpTag::Leaf(v), vec![]);
    let mut classes: PerValue<Option<Id>> = graph.per_value(None);
    for (id, node) in graph.nodes.iter() {
        for operand in &node.operands {
            classes[operand.value].get_or_insert_with(|| egraph.add(leaf(operand.value)));
        }
        for result in &node.results {
            let form = match node.op {
                Op::Repeat(_) => leaf(result.value),
                _ => {
                    let operands = node.operands.iter().map(|o| classes[o.value].expect("added above")).collect();
                    Form::Op(OpTag::Whole(id), operands)
                }
            };
            classes[result.value] = Some(egraph.add(form));
        }
    }
    graph.values.keys().map(|v| classes[v].unwrap_or_else(|| egraph.add(leaf(v)))).collect()
}
