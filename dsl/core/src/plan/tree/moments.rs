//! The moments of a schedule tree: what runs in order, loop bodies once, and which nodes share a kernel call.

use std::collections::BTreeSet;
use std::rc::Rc;

use smallvec::SmallVec;

use super::bound::Bound;
use super::item::{Item, Loop};
use super::join;
use crate::ir::{NodeId, Op};
use crate::rules::Join;

/// The loops around something, outermost first.
pub(in crate::plan) type Within = SmallVec<[usize; 3]>;

/// One moment of a tree.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Leaf {
    /// The node that runs.
    pub node: NodeId,
    /// Whether its result is only set to what a fold starts from.
    pub fill: bool,
    /// The loops around it, outermost first.
    pub path: Within,
}

/// A tree as its moments, loop bodies once.
pub(in crate::plan) struct Moments {
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
    pub(in crate::plan) fn numbers(&self) -> (Vec<usize>, usize) {
        let firsts = self.calls.iter().enumerate().map(|(at, call)| usize::from(call.0 == at));
        let numbers = firsts.scan(0, |calls, first| {
            *calls += first;
            Some(*calls - 1)
        });
        let numbers: Vec<usize> = numbers.collect();
        let count = numbers.last().map_or(0, |last| last + 1);
        (numbers, count)
    }

    pub(in crate::plan) fn of(bound: &Bound, items: &[Item]) -> Moments {
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
