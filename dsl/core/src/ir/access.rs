//! How a node accesses a value: which of its indices is on which axis.

use serde::{Deserialize, Serialize};

use super::extent::Extent;
use super::id::ValueId;

/// An index of a node: a position in [`super::Node::indices`].
pub type Index = usize;

/// What is on one axis of an operand or result.
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

/// A value as one node accesses it: an index (or none) for each of its axes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The value read or written.
    pub value: ValueId,
    /// One entry per axis.
    pub axes: Vec<AxisRef>,
}

impl Access {
    /// The access with index `k` on axis `k`, for the first `rank` axes.
    pub fn plain(value: ValueId, rank: usize) -> Access {
        Access { value, axes: (0..rank).map(AxisRef::Index).collect() }
    }

    /// The axis that has exactly this index, without an offset.
    pub fn axis_of(&self, index: Index) -> Option<usize> {
        self.axes.iter().position(|a| *a == AxisRef::Index(index))
    }

    /// Whether the index is on any axis, in any form.
    pub fn mentions(&self, index: Index) -> bool {
        self.axes.iter().any(|a| match a {
            AxisRef::Index(i) | AxisRef::Shifted(i, _) => *i == index,
            AxisRef::Joined(o, i) => *o == index || *i == index,
            AxisRef::Unit => false,
        })
    }
}
