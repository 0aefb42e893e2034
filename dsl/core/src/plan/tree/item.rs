//! Schedule trees: nodes and the chunk loops around them, before addresses are assigned.

use std::rc::Rc;

use cranelift_entity::EntityRef;
use smallvec::SmallVec;

use super::bound::Bound;
use crate::ir::{Index, NodeId};
use crate::rules::Slice;

/// The legal splits that form one loop, by the nodes that are split.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::plan) struct Splits(Vec<(NodeId, Rc<Slice>)>);

/// As shared by all loops that differ only in their chunk sizes.
pub(in crate::plan) type Slices = Rc<Splits>;

impl Splits {
    /// Of each node at most one split.
    pub(in crate::plan) fn new(slices: impl Iterator<Item = (NodeId, Rc<Slice>)>) -> Slices {
        let mut slices: Vec<_> = slices.collect();
        slices.sort_unstable_by_key(|(id, _)| *id);
        Rc::new(Splits(slices))
    }

    pub(in crate::plan) fn get(&self, id: NodeId) -> Option<&Slice> {
        let at = self.0.binary_search_by_key(&id, |(own, _)| *own).ok()?;
        Some(&self.0[at].1)
    }

    pub(in crate::plan) fn splits(&self, id: NodeId) -> bool {
        self.get(id).is_some()
    }

    /// Nodes and their splits, by the nodes' numbers; never none.
    pub(in crate::plan) fn iter(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Slice)> {
        self.0.iter().map(|(id, slice)| (*id, &**slice))
    }

    pub(in crate::plan) fn len(&self) -> usize {
        self.0.len()
    }
}

/// A node or a loop.
#[derive(Clone, Debug)]
pub(in crate::plan) enum Item {
    /// A node.
    Node(NodeId),
    /// A chunk loop.
    Loop(Rc<Loop>),
}

/// A chunk loop. Nodes of the body that it does not split run in every iteration.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Loop {
    /// How the nodes of the body are split.
    pub slices: Slices,
    /// The extent split.
    pub total: u64,
    /// Positions per iteration.
    pub chunk: u64,
    /// The body.
    pub body: Rc<[Item]>,
    /// The nodes that run in the body itself, in no loop further inside: a bit for each.
    own: SmallVec<[u64; 2]>,
}

impl Loop {
    pub(in crate::plan) fn new(slices: &Slices, total: u64, chunk: u64, body: Rc<[Item]>) -> Loop {
        let mut own = SmallVec::new();
        for item in body.iter() {
            if let Item::Node(id) = item {
                let (word, bit) = (id.index() / 64, id.index() % 64);
                own.resize(own.len().max(word + 1), 0);
                own[word] |= 1 << bit;
            }
        }
        Loop { slices: Rc::clone(slices), total, chunk, body, own }
    }

    /// The same loop with another chunk size.
    pub(in crate::plan) fn with(&self, chunk: u64) -> Loop {
        Loop { chunk, ..self.clone() }
    }

    /// Whether a node runs in the body itself, in no loop further inside.
    pub(in crate::plan) fn runs(&self, id: NodeId) -> bool {
        self.own.get(id.index() / 64).is_some_and(|word| word >> (id.index() % 64) & 1 == 1)
    }

    /// What is split, for display.
    pub(in crate::plan) fn label(&self, bound: &Bound) -> String {
        let (last, slice) = self.slices.iter().next_back().expect("a loop splits something");
        let node = &bound.graph.nodes[last];
        format!("{} of {}", node.indices[slice.index], node.origin)
    }

    /// The index of a node that the loop splits.
    pub(in crate::plan) fn index(&self, id: NodeId) -> Option<Index> {
        self.slices.get(id).map(|s| s.index)
    }
}
