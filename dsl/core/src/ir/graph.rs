//! Graphs: values, the nodes that make them, what each computes, and what goes in and out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::access::{Access, AxisRef, Index};
use super::contraction::Contraction;
use super::extent::{Extent, ExtentError, Sizes};
use super::format::Format;
use super::id::{NodeId, PerNode, PerValue, ValueId};
use super::row::RowOp;
use super::scalar::Expr;
/// A program: nodes in an order in which they can run.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Graph {
    /// The program's name.
    pub name: String,
    /// Every value: inputs, parameters, results.
    #[serde(with = "crate::id::list")]
    pub values: PerValue<Value>,
    /// Every operation, each after those whose results it reads.
    #[serde(with = "crate::id::list")]
    pub nodes: PerNode<Node>,
    /// The caller's inputs. They are donated: their memory is reused once they have been read.
    pub inputs: Vec<Port>,
    /// Weights, by checkpoint name.
    pub params: Vec<Port>,
    /// The outputs.
    pub outputs: Vec<Port>,
    /// The narrowest format allowed for values between operations.
    #[serde(default, skip_serializing_if = "Format::is_single")]
    pub precision: Format,
}

/// A tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// A name for display.
    pub name: String,
    /// The extent of each axis.
    pub shape: Vec<Extent>,
    /// The format in memory; kernels always compute in single precision.
    #[serde(default, skip_serializing_if = "Format::is_single")]
    pub format: Format,
}

impl Value {
    /// A tensor in single precision.
    pub fn single(name: impl Into<String>, shape: Vec<Extent>) -> Value {
        Value { name: name.into(), shape, format: Format::Single }
    }
}

/// A value with a name known to the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The name known to the caller.
    pub name: String,
    /// The value.
    pub value: ValueId,
}

/// An operation applied to values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// The values read.
    pub operands: Vec<Access>,
    /// The values written: one, but for a repeat.
    pub results: Vec<Access>,
    /// The extent of every index.
    pub indices: Vec<Extent>,
    /// The node's source name: function names and the variable, separated by dots.
    pub origin: String,
}

/// What a node computes. The indices it ranges over are in the node; how each is treated is
/// derived in the index table (`ir/table.rs`) and nowhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// One expression for every element of the result.
    Pointwise(Expr),
    /// The operand seen through other axes: permuted, broadcast, split, joined or sliced. No arithmetic.
    View,
    /// Products of two operands, summed over the indices that the result lacks.
    Contract(Contraction),
    /// `Σ_key softmax_key(factor·Σ_inner q·k + Σ added)·v`; operands: q, k, v, then what is added to the logits.
    Attend {
        /// A number that depends on no element.
        factor: Expr,
        /// The index of keys: k and v have it, q and the result do not.
        key: Index,
        /// The index summed over in q·k.
        inner: Index,
        /// The index that only v and the result have.
        channel: Index,
        /// The index of queries, if keys above the query's position are masked.
        causal: Option<Index>,
    },
    /// `after(row over `over` of before(operands))`.
    Rows {
        /// The prologue: computes the row operation's input.
        before: Expr,
        /// What is computed over a row.
        row: RowOp,
        /// The indices that form a row.
        over: Vec<Index>,
        /// The epilogue: applied to the row operation's result.
        after: Expr,
    },
    /// Concatenation of the operands along an index of the result.
    Concat {
        /// The index of the result along which they are concatenated; each operand has its own.
        along: Index,
    },
    /// A body run `count` times, its carried values fed back, its parameters taken layer by layer.
    Repeat(Box<Repeat>),
}

/// A loop over layers. Operands: the carried values, then the body's other inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// How many layers.
    pub count: Extent,
    /// How many of the body's inputs (the first ones) are replaced by its outputs after each layer.
    pub carried: usize,
    /// One layer. `{}` in a parameter's name stands for the layer's number.
    pub body: Graph,
}

impl Graph {
    /// One value's map.
    pub fn per_value<T: Clone>(&self, each: T) -> PerValue<T> {
        vec![each; self.values.len()].into()
    }

    /// The same of each node.
    pub fn per_node<T: Clone>(&self, each: T) -> PerNode<T> {
        vec![each; self.nodes.len()].into()
    }

    /// Changes the list of nodes; their ids change with it.
    pub fn edit_nodes<R>(&mut self, edit: impl FnOnce(&mut Vec<Node>) -> R) -> R {
        let mut nodes = Vec::from(std::mem::take(&mut self.nodes));
        let result = edit(&mut nodes);
        self.nodes = nodes.into();
        result
    }

    /// The node that makes a value; none for inputs and parameters.
    pub fn producers(&self) -> PerValue<Option<NodeId>> {
        let mut producers = self.per_value(None);
        for (id, node) in &self.nodes {
            for result in &node.results {
                producers[result.value] = Some(id);
            }
        }
        producers
    }

    /// The value whose memory each value is in: itself, or the one it is a view of.
    pub fn roots(&self) -> PerValue<ValueId> {
        let mut roots: PerValue<ValueId> = self.values.keys().collect();
        for node in self.nodes.values().filter(|n| n.op == Op::View) {
            roots[node.result().value] = roots[node.operands[0].value];
        }
        roots
    }

    /// The nodes that read each value, in order, once each.
    pub fn consumers(&self) -> PerValue<Vec<NodeId>> {
        let mut consumers: PerValue<Vec<NodeId>> = self.per_value(Vec::new());
        for (id, node) in &self.nodes {
            for operand in &node.operands {
                if consumers[operand.value].last() != Some(&id) {
                    consumers[operand.value].push(id);
                }
            }
        }
        consumers
    }

    /// Whether a value is a parameter.
    pub fn is_param(&self, value: ValueId) -> bool {
        self.params.iter().any(|p| p.value == value)
    }

    /// The concrete shape of a value.
    ///
    /// # Errors
    /// A symbol without a size, or a size that does not fit.
    pub fn shape(&self, value: ValueId, sizes: &Sizes) -> Result<Vec<u64>, ExtentError> {
        self.values[value].shape.iter().map(|e| e.eval(sizes)).collect()
    }

    /// Every symbol that must have a size before a plan can be made, sorted.
    pub fn symbols(&self) -> BTreeSet<String> {
        let mut set = BTreeSet::new();
        let mut add = |extent: &Extent| set.extend(extent.symbols().map(str::to_string));
        self.values.values().flat_map(|v| &v.shape).for_each(&mut add);
        for node in self.nodes.values() {
            node.indices.iter().for_each(&mut add);
            if let Op::Repeat(repeat) = &node.op {
                add(&repeat.count);
                repeat.body.symbols().iter().for_each(|s| add(&Extent::symbol(s.clone())));
            }
        }
        set
    }
}

impl Node {
    /// The single result.
    ///
    /// # Panics
    /// On a repeat with several.
    pub fn result(&self) -> &Access {
        assert!(self.results.len() == 1, "`{}` has {} results", self.origin, self.results.len());
        &self.results[0]
    }

    /// The index of channels that only an attention's values and result have.
    pub fn channel(&self) -> Option<Index> {
        match self.op {
            Op::Attend { channel, .. } => Some(channel),
            _ => None,
        }
    }

    /// The extent of the item on an axis.
    pub fn axis_extent(&self, axis: &AxisRef) -> Option<Extent> {
        match axis {
            AxisRef::Index(i) => Some(self.indices[*i].clone()),
            AxisRef::Unit => Some(Extent::literal(1)),
            AxisRef::Joined(outer, inner) => Some(self.indices[*outer].clone() * self.indices[*inner].clone()),
            // A slice does not know the length of the axis.
            AxisRef::Shifted(..) => None,
        }
    }
}

impl Op {
    /// A plain sum of products.
    pub fn contract() -> Op {
        Op::Contract(Contraction::plain())
    }

    /// The operation's name in texts.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Pointwise(_) => "pointwise",
            Op::View => "view",
            Op::Contract(_) => "contract",
            Op::Attend { .. } => "attend",
            Op::Rows { row, .. } => match row {
                RowOp::Sum => "sum",
                RowOp::Max => "max",
                RowOp::Softmax => "softmax",
                RowOp::Normalize { .. } => "normalize",
            },
            Op::Concat { .. } => "concat",
            Op::Repeat(_) => "repeat",
        }
    }
}
