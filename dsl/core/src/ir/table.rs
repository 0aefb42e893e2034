//! The index table: how an operation treats each of its indices.
//!
//! This is the only place that knows. Chunking, loop invariance, shards, legality, cost and lowering
//! all ask here.

use super::op::{AxisRef, Index, Node, Op};
use super::{Expr, Instr};
use crate::kernel::RowOp;

/// How partial results of a consumed index combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// They are added.
    Sum,
    /// The larger one is kept.
    Max,
}

/// How an operation treats an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Behaviour {
    /// The result has it, and its slices do not need each other.
    Map,
    /// It is consumed; results of slices combine.
    Fold(Combine),
    /// It is needed all at once.
    Whole,
}

impl Node {
    /// How this node treats one of its indices.
    pub fn behaviour(&self, index: Index) -> Behaviour {
        let accesses = || self.operands.iter().chain(&self.results);
        // Part of a joined or sliced axis: a slice of it is no slice of the axis.
        let entangled = accesses().flat_map(|a| &a.axes).any(|axis| match axis {
            AxisRef::Joined(o, i) => *o == index || *i == index,
            AxisRef::Shifted(i, _) => *i == index,
            AxisRef::Index(_) | AxisRef::Unit => false,
        });
        // Twice on one value: a slice of it would be no slice of that value's axes one by one.
        let repeated = accesses().any(|a| a.axes.iter().filter(|x| **x == AxisRef::Index(index)).count() > 1);
        if entangled || repeated {
            return Behaviour::Whole;
        }
        let kept = self.results.iter().all(|r| r.mentions(index));
        match &self.op {
            // An index that a pointwise result lacks is gathered from.
            Op::Pointwise(_) | Op::View if kept => Behaviour::Map,
            Op::Pointwise(_) | Op::View => Behaviour::Whole,
            Op::Contract if kept => Behaviour::Map,
            Op::Contract => Behaviour::Fold(Combine::Sum),
            Op::Rows { row, over, after, .. } => match (over.contains(&index), row) {
                (false, _) if kept => Behaviour::Map,
                (false, _) => Behaviour::Whole,
                (true, RowOp::Sum) if is_row(after) => Behaviour::Fold(Combine::Sum),
                (true, RowOp::Max) if is_row(after) => Behaviour::Fold(Combine::Max),
                (true, _) => Behaviour::Whole,
            },
            Op::Concat { along } => {
                let own = self.operands.iter().all(|o| o.mentions(index)) && *along != index;
                if own && kept { Behaviour::Map } else { Behaviour::Whole }
            }
            Op::Repeat(_) => Behaviour::Whole,
        }
    }

    /// Whether an element of the result depends on its operands only through the elements at the
    /// same indices, so that the result may overwrite an operand read with the same axes.
    pub fn is_elementwise(&self) -> bool {
        match &self.op {
            Op::Pointwise(expr) => !expr.0.iter().any(|i| matches!(i, Instr::Gather { .. })),
            Op::View | Op::Contract | Op::Rows { .. } | Op::Concat { .. } | Op::Repeat(_) => false,
        }
    }
}

/// Whether an expression passes the row operation's result on unchanged.
fn is_row(expr: &Expr) -> bool {
    matches!(expr.0.as_slice(), [Instr::Row])
}
