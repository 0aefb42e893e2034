//! Legal splits of a node.

use crate::ir::{Combine, Index};

/// A legal split of one node, as extracted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The index split.
    pub index: Index,
    /// How the results of the slices are combined.
    pub join: Join,
    /// How each operand is read.
    pub operands: Vec<Operand>,
}

/// How the results of slices are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Concatenated along this axis of the result.
    Merge(usize),
    /// Combined, element by element: a fold.
    Combine(Combine),
}

/// How a split node reads one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// The operand lacks the index: the same whole value for every slice.
    Whole,
    /// The operand is split along this axis.
    Split(usize),
}

impl Slice {
    /// The axis of the result that the slices are merged along; none for a fold.
    pub fn axis(&self) -> Option<usize> {
        match self.join {
            Join::Merge(axis) => Some(axis),
            Join::Combine(_) => None,
        }
    }
}
