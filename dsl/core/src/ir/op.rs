//! Operations: what a node computes, and which index stands on which axis.

use serde::{Deserialize, Serialize};

use super::{Expr, Extent, Graph, ValueId};
use crate::kernel::RowOp;

/// An index of a node: a position in [`Node::indices`].
pub type Index = usize;

/// What stands on one axis of an operand or result.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AxisRef {
    /// One index.
    Index(Index),
    /// Extent 1: always read at position 0.
    Unit,
    /// Two indices laid out as one axis, the first slow: position = `outer · |inner| + inner`.
    Joined(Index, Index),
    /// One index, moved: position = index + start.
    Shifted(Index, Extent),
}

/// A value as one node sees it: an index (or none) for each of its axes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The value read or written.
    pub value: ValueId,
    /// One entry an axis.
    pub axes: Vec<AxisRef>,
}

/// What a node computes. The indices it ranges over stand in the node; how each is treated is
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
        /// The index of queries, where a key takes part only if its position is not above the query's.
        causal: Option<Index>,
    },
    /// `after(row over `over` of before(operands))`.
    Rows {
        /// Given to the row operation.
        before: Expr,
        /// What is computed over a row.
        row: RowOp,
        /// The indices that form a row.
        over: Vec<Index>,
        /// Applied to the row operation's result.
        after: Expr,
    },
    /// The operands one after another along an index of the result.
    Concat {
        /// The index of the result along which they follow each other; each operand has its own.
        along: Index,
    },
    /// A body run `count` times, its carried values fed back, its parameters taken layer by layer.
    Repeat(Box<Repeat>),
}

/// `after(Σ f(a)·b₀, Σ f(a)·b₁, …)`: products with one operand in common, and what is done to the sums.
///
/// Operands in order: a, the sums' own ones, the norm's scale and offset, then what `after` loads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contraction {
    /// The norm that a's rows are given first; none for f(a) = a. A row is all that is summed over.
    pub norm: Option<Norm>,
    /// How many sums there are, each with an operand of its own.
    pub sums: usize,
    /// What is done to the sums, which [`crate::ir::Instr::Row`] names; it loads operands after all others only.
    pub after: Expr,
}

/// `(x − mean) / √(variance + ε) · scale + offset` for each element of a row, biased variance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Norm {
    /// Added to the variance.
    pub epsilon: f64,
    /// Whether there is a scale, one number for each place of a row.
    pub scale: bool,
    /// Whether there is an offset, one number for each place of a row.
    pub offset: bool,
}

impl Contraction {
    /// The sum of products and nothing else.
    pub fn plain() -> Contraction {
        Contraction { norm: None, sums: 1, after: Expr::row() }
    }

    /// Whether it is the sum of products and nothing else.
    pub fn is_plain(&self) -> bool {
        self.norm.is_none() && self.only_sums()
    }

    /// Whether nothing is done to its sum.
    pub fn only_sums(&self) -> bool {
        self.sums == 1 && self.after.is_row()
    }

    /// The operand that is the norm's scale, and the one that is its offset.
    pub fn affine(&self) -> [Option<usize>; 2] {
        let norm = self.norm.filter(|n| n.scale || n.offset);
        let first = 1 + self.sums;
        norm.map_or([None; 2], |n| [n.scale.then_some(first), n.offset.then_some(first + usize::from(n.scale))])
    }

    /// The first operand that only `after` loads.
    pub fn loads(&self) -> usize {
        1 + self.sums + self.affine().into_iter().flatten().count()
    }
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
    /// Where the node stands in the source: function names and the variable, dotted.
    pub origin: String,
}

impl Op {
    /// A sum of products and nothing else.
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

    /// The extent of what stands on an axis.
    pub fn axis_extent(&self, axis: &AxisRef) -> Option<Extent> {
        match axis {
            AxisRef::Index(i) => Some(self.indices[*i].clone()),
            AxisRef::Unit => Some(Extent::literal(1)),
            AxisRef::Joined(outer, inner) => Some(self.indices[*outer].clone() * self.indices[*inner].clone()),
            // A slice says nothing of how far the axis goes on.
            AxisRef::Shifted(..) => None,
        }
    }
}

impl Access {
    /// The access that gives each of the first `rank` axes an index of its own.
    pub fn plain(value: ValueId, rank: usize) -> Access {
        Access { value, axes: (0..rank).map(AxisRef::Index).collect() }
    }

    /// The axis on which exactly this index stands alone and unmoved.
    pub fn axis_of(&self, index: Index) -> Option<usize> {
        self.axes.iter().position(|a| *a == AxisRef::Index(index))
    }

    /// Whether the index stands on any axis, in any form.
    pub fn mentions(&self, index: Index) -> bool {
        self.axes.iter().any(|a| match a {
            AxisRef::Index(i) | AxisRef::Shifted(i, _) => *i == index,
            AxisRef::Joined(o, i) => *o == index || *i == index,
            AxisRef::Unit => false,
        })
    }
}
