//! The kernel menu: everything a plan may ask a backend to run.
//!
//! A kernel is a shape without sizes: strides are fixed, extents and pointers come with each call.
//! So one compiled kernel serves full chunks, tails and every layer of a stack. Every backend lowers
//! all of it, zero extents included.

use serde::{Deserialize, Serialize};

use crate::ir::Expr;

/// Element strides of one operand, one per kernel index; 0 where the operand lacks the index.
pub type Strides = Vec<i64>;

/// A kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kernel {
    /// A loop nest over scalar expressions, with at most one row operation inside.
    Nest(Nest),
    /// A product of two operands summed over the indices that the result lacks.
    Contract(Contract),
}

/// `store[i..] = after(row over r.. of before(loads[i.., r..]), loads[i.., r..])`.
///
/// Without a row operation `after` is the whole computation and `before` is empty. Every
/// [`crate::ir::Instr::Size`] has been bound to a constant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nest {
    /// How many indices the nest ranges over.
    pub indices: usize,
    /// Strides of each operand.
    pub loads: Vec<Strides>,
    /// For an operand read by [`crate::ir::Instr::Gather`]: stride and extent of the gathered axis.
    pub gathers: Vec<Option<Gathered>>,
    /// Strides of the result; 0 at the indices that a folding row operation consumes.
    pub store: Strides,
    /// Evaluated at every point, given to the row operation.
    pub before: Expr,
    /// The row operation, if there is one.
    pub row: Option<Row>,
    /// Evaluated at every point of the result; [`crate::ir::Instr::Row`] is the row operation's result there.
    pub after: Expr,
}

/// The axis of a gathered operand that the expression addresses itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathered {
    /// Element stride of the axis.
    pub stride: i64,
    /// Extent of the axis: places outside `0..extent` read as NaN.
    pub extent: u64,
}

/// An operation over whole rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it computes.
    pub op: RowOp,
    /// The kernel indices that form a row.
    pub over: Vec<usize>,
}

/// What is computed over a row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum RowOp {
    /// `Σ x`; consumes the row; 0 for an empty row.
    Sum,
    /// `max x`; consumes the row; −∞ for an empty row.
    Max,
    /// `e^(x−max) / Σ e^(x−max)` for each element.
    Softmax,
    /// `(x−mean) / √(variance+ε)` for each element, biased variance.
    Normalize {
        /// Added to the variance.
        epsilon: f64,
    },
}

impl RowOp {
    /// Whether the row's indices are gone from the result.
    pub fn consumes(self) -> bool {
        matches!(self, RowOp::Sum | RowOp::Max)
    }
}

/// `c[batch.., m.., n..] = Σ_k a[batch.., m.., k..] · b[batch.., n.., k..]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// How many indices the contraction ranges over.
    pub indices: usize,
    /// Strides of the left operand.
    pub a: Strides,
    /// Strides of the right operand.
    pub b: Strides,
    /// Strides of the result; 0 at contracted indices.
    pub c: Strides,
    /// The contracted indices.
    pub contracted: Vec<usize>,
    /// Whether the products are added to what the result holds.
    pub accumulate: bool,
}
