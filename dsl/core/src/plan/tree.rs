//! Loops over nodes: how a piece runs, before anything has an address.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::bound::Bound;
use crate::ir::{Index, NodeId, Op};
use crate::rules::{Join, Slice};

/// The legal splits that form one loop.
pub(super) type Slices = Rc<BTreeMap<NodeId, Slice>>;

/// Something that runs.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A node.
    Node(NodeId),
    /// A chunk loop.
    Loop(Rc<Loop>),
}

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
    pub body: Vec<Item>,
}

/// One moment of a tree.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// The node that runs.
    pub node: NodeId,
    /// Whether its result is only set to what a fold starts from.
    pub fill: bool,
    /// The loops around it, outermost first.
    pub path: Vec<usize>,
}

/// A tree as its moments, loop bodies once.
pub(super) struct Moments {
    /// What runs, in order.
    pub leaves: Vec<Leaf>,
    /// Every loop of the tree.
    pub loops: Vec<Rc<Loop>>,
    /// The first and last moment of each loop.
    pub spans: Vec<(usize, usize)>,
}

impl Moments {
    pub(super) fn of(bound: &Bound, items: &[Item]) -> Moments {
        let mut moments = Moments { leaves: Vec::new(), loops: Vec::new(), spans: Vec::new() };
        moments.walk(bound, items, &mut Vec::new(), &mut BTreeSet::new());
        moments
    }

    fn walk(&mut self, bound: &Bound, items: &[Item], path: &mut Vec<usize>, filled: &mut BTreeSet<NodeId>) {
        for item in items {
            match item {
                Item::Node(id) if bound.graph.nodes[*id].op == Op::View => {}
                Item::Node(id) => self.leaves.push(Leaf { node: *id, fill: false, path: path.clone() }),
                Item::Loop(each) => {
                    for (&id, _) in each.slices.iter().filter(|(_, s)| matches!(s.join, Join::Combine(_))) {
                        if filled.insert(id) {
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
    /// Whether a node runs in the body itself, in no loop further inside.
    pub(super) fn runs(&self, id: NodeId) -> bool {
        self.body.iter().any(|item| matches!(item, Item::Node(own) if *own == id))
    }

    /// What is split, for people.
    pub(super) fn label(&self, bound: &Bound) -> String {
        let (last, slice) = self.slices.iter().next_back().expect("a loop splits something");
        let node = &bound.graph.nodes[*last];
        format!("{} of {}", node.indices[slice.index], node.origin)
    }

    /// The index of a node that the loop splits.
    pub(super) fn index(&self, id: NodeId) -> Option<Index> {
        self.slices.get(&id).map(|s| s.index)
    }
}
