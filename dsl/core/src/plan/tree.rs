//! Loops over nodes: how a piece runs, before anything has an address.

use std::collections::BTreeSet;
use std::rc::Rc;

use smallvec::SmallVec;

use super::bound::Bound;
use super::join;
use crate::ir::{Index, NodeId, Op};
use crate::rules::{Join, Slice};

/// The legal splits that form one loop, by the nodes that are split.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Splits(Vec<(NodeId, Rc<Slice>)>);

/// As all loops that differ in their chunks only share them.
pub(super) type Slices = Rc<Splits>;

impl Splits {
    /// Of each node at most one split.
    pub(super) fn new(slices: impl Iterator<Item = (NodeId, Rc<Slice>)>) -> Slices {
        let mut slices: Vec<_> = slices.collect();
        slices.sort_unstable_by_key(|(id, _)| *id);
        Rc::new(Splits(slices))
    }

    pub(super) fn get(&self, id: NodeId) -> Option<&Slice> {
        let at = self.0.binary_search_by_key(&id, |(own, _)| *own).ok()?;
        Some(&self.0[at].1)
    }

    pub(super) fn splits(&self, id: NodeId) -> bool {
        self.get(id).is_some()
    }

    /// Nodes and their splits, by the nodes' numbers; never none.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Slice)> {
        self.0.iter().map(|(id, slice)| (*id, &**slice))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Something that runs.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A node.
    Node(NodeId),
    /// A chunk loop.
    Loop(Rc<Loop>),
}

/// The loops around something, outermost first.
pub(super) type Within = SmallVec<[usize; 3]>;

/// A chunk loop. Nodes of the body that it does not split run in every turn.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    /// How the nodes of the body are split.
    pub slices: Slices,
    /// The extent split.
    pub total: u64,
    /// Positions a turn.
    pub chunk: u64,
    /// The turn.
    pub body: Rc<[Item]>,
    /// The nodes that run in the body itself, in no loop further inside: a bit for each.
    own: SmallVec<[u64; 2]>,
}

/// One moment of a tree.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// The node that runs.
    pub node: NodeId,
    /// Whether its result is only set to what a fold starts from.
    pub fill: bool,
    /// The loops around it, outermost first.
    pub path: Within,
}

/// A tree as its moments, loop bodies once.
pub(super) struct Moments {
    /// What runs, in order.
    pub leaves: Vec<Leaf>,
    /// Every loop of the tree.
    pub loops: Vec<Rc<Loop>>,
    /// The first and last moment of each loop.
    pub spans: Vec<(usize, usize)>,
    /// The first and last moment of the kernel call that each moment belongs to.
    pub calls: Vec<(usize, usize)>,
}

impl Moments {
    /// For each moment the number of its kernel call, and how many calls there are.
    pub(super) fn numbers(&self) -> (Vec<usize>, usize) {
        let firsts = self.calls.iter().enumerate().map(|(at, call)| usize::from(call.0 == at));
        let numbers = firsts.scan(0, |calls, first| {
            *calls += first;
            Some(*calls - 1)
        });
        let numbers: Vec<usize> = numbers.collect();
        let count = numbers.last().map_or(0, |last| last + 1);
        (numbers, count)
    }

    pub(super) fn of(bound: &Bound, items: &[Item]) -> Moments {
        let (leaves, calls) = (Vec::with_capacity(2 * items.len() + 8), Vec::with_capacity(2 * items.len() + 8));
        let mut moments = Moments { leaves, loops: Vec::new(), spans: Vec::new(), calls };
        moments.walk(bound, items, &mut Within::new(), &mut BTreeSet::new());
        moments
    }

    fn walk(&mut self, bound: &Bound, items: &[Item], path: &mut Within, filled: &mut BTreeSet<NodeId>) {
        let mut joined = 0;
        for (k, item) in items.iter().enumerate() {
            match item {
                Item::Node(id) if bound.graph.nodes[*id].op == Op::View => {}
                Item::Node(id) => {
                    if joined == 0 {
                        let split = |each: &usize, id| self.loops[*each].slices.get(id).map(|s| (s.index, s.axis()));
                        let alike = |a, b| path.iter().all(|each| split(each, a) == split(each, b));
                        let folded = path.iter().any(|each| split(each, *id).is_some_and(|(_, axis)| axis.is_none()));
                        joined = if folded { 1 } else { join::call(bound, &items[k..], &alike).len() };
                        let first = self.leaves.len();
                        self.calls.extend((0..joined).map(|_| (first, first + joined - 1)));
                    }
                    joined -= 1;
                    self.leaves.push(Leaf { node: *id, fill: false, path: path.clone() });
                }
                Item::Loop(each) => {
                    for (id, _) in each.slices.iter().filter(|(_, s)| matches!(s.join, Join::Combine(_))) {
                        if filled.insert(id) {
                            self.calls.push((self.leaves.len(), self.leaves.len()));
                            self.leaves.push(Leaf { node: id, fill: true, path: path.clone() });
                        }
                    }
                    let id = self.loops.len();
                    self.loops.push(Rc::clone(each));
                    let first = self.leaves.len();
                    self.spans.push((first, first));
                    path.push(id);
                    self.walk(bound, &each.body, path, filled);
                    path.pop();
                    self.spans[id].1 = self.leaves.len().saturating_sub(1).max(first);
                }
            }
        }
    }
}

impl Loop {
    pub(super) fn new(slices: &Slices, total: u64, chunk: u64, body: Rc<[Item]>) -> Loop {
        let mut own = SmallVec::new();
        for item in body.iter() {
            if let Item::Node(id) = item {
                own.resize(own.len().max(id / 64 + 1), 0);
                own[id / 64] |= 1 << (id % 64);
            }
        }
        Loop { slices: Rc::clone(slices), total, chunk, body, own }
    }

    /// The same loop with other turns.
    pub(super) fn with(&self, chunk: u64) -> Loop {
        Loop { chunk, ..self.clone() }
    }

    /// Whether a node runs in the body itself, in no loop further inside.
    pub(super) fn runs(&self, id: NodeId) -> bool {
        self.own.get(id / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// What is split, for people.
    pub(super) fn label(&self, bound: &Bound) -> String {
        let (last, slice) = self.slices.iter().next_back().expect("a loop splits something");
        let node = &bound.graph.nodes[last];
        format!("{} of {}", node.indices[slice.index], node.origin)
    }

    /// The index of a node that the loop splits.
    pub(super) fn index(&self, id: NodeId) -> Option<Index> {
        self.slices.get(id).map(|s| s.index)
    }
}
