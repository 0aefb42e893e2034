//! One stretch of an order as it would run: what comes before the loop, what is in it, and how long
//! every buffer lives. Evaluation and emission both read this, so they cannot disagree.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::bound::Bound;
use super::target::Target;
use crate::ir::{AxisRef, NodeId, Op, ValueId};
use crate::rules::{Operand, Slice};

/// Beyond the stretch.
pub(super) const END: usize = usize::MAX;

/// The legal splits that form one loop.
pub(super) type Slices = Rc<BTreeMap<NodeId, Slice>>;

/// A graph in one order, with who reads what.
pub(super) struct Sequence {
    pub bound: Rc<Bound>,
    pub order: Vec<NodeId>,
    /// Where each node stands in the order.
    pub position: Vec<usize>,
    /// The last position at which each root is read; [`END`] for outputs and inputs that stay.
    pub last_use: Vec<usize>,
    /// The nodes (no views) that read each root, through views or not.
    pub readers: Vec<Vec<NodeId>>,
}

/// A buffer within the stretch.
#[derive(Clone, Debug)]
pub(super) struct Interval {
    /// The root it holds; none for scratch.
    pub root: Option<ValueId>,
    /// Bytes, of one position where `chunked`.
    pub bytes: u64,
    /// Whether it holds one chunk only.
    pub chunked: bool,
    /// Whether it was there before.
    pub external: bool,
    pub first: usize,
    pub last: usize,
    /// The root whose buffer it takes over.
    pub alias: Option<ValueId>,
}

/// A stretch as it would run; moments are counted from its start, loop bodies once.
pub(super) struct Schedule {
    pub before: Vec<NodeId>,
    pub body: Vec<NodeId>,
    pub intervals: Vec<Interval>,
}

impl Sequence {
    /// `stays` marks inputs that must outlive the sequence.
    pub(super) fn new(bound: Rc<Bound>, order: Vec<NodeId>, stays: &[bool]) -> Sequence {
        let graph = &bound.graph;
        let mut position = vec![0; graph.nodes.len()];
        order.iter().enumerate().for_each(|(p, &id)| position[id] = p);
        let mut last_use = vec![0; graph.values.len()];
        let mut readers: Vec<Vec<NodeId>> = vec![Vec::new(); graph.values.len()];
        for &id in &order {
            let node = &graph.nodes[id];
            for operand in node.operands.iter().filter(|_| node.op != Op::View) {
                let root = bound.roots[operand.value];
                last_use[root] = position[id];
                if readers[root].last() != Some(&id) {
                    readers[root].push(id);
                }
            }
        }
        for value in 0..graph.values.len() {
            if bound.is_output[value] || stays[value] {
                last_use[bound.roots[value]] = END;
            }
        }
        Sequence { bound, order, position, last_use, readers }
    }

    /// The stretch `l..r` with the given nodes in a loop.
    pub(super) fn schedule(&self, l: usize, r: usize, slices: Option<&Slices>, target: &Target) -> Schedule {
        let bound = &*self.bound;
        let runs = |id: &&NodeId| bound.graph.nodes[**id].op != Op::View;
        let sliced = |id: &NodeId| slices.and_then(|s| s.get(id));
        let (body, before): (Vec<NodeId>, Vec<NodeId>) =
            self.order[l..r].iter().filter(runs).partition(|id| sliced(id).is_some());
        let start = before.len();
        let moment: BTreeMap<NodeId, usize> = before.iter().chain(&body).enumerate().map(|(m, &id)| (id, m)).collect();
        let loop_end = (start + body.len()).saturating_sub(1);
        // The last moment at which a whole buffer is needed.
        let last = |root: ValueId, first: usize| {
            if self.last_use[root] >= r {
                return END;
            }
            let reads = self.readers[root]
                .iter()
                .filter_map(|id| moment.get(id).map(|&m| if m >= start { loop_end } else { m }));
            reads.max().unwrap_or(0).max(first)
        };
        let mut intervals = Vec::new();
        for root in self.live_at(l) {
            let bytes = bound.bytes(root);
            let interval = Interval {
                root: Some(root),
                bytes,
                chunked: false,
                external: true,
                first: 0,
                last: last(root, 0),
                alias: None,
            };
            intervals.push(interval);
        }
        for (&id, &at) in before.iter().chain(&body).map(|id| (id, &moment[id])) {
            let node = &bound.graph.nodes[id];
            for result in &node.results {
                let root = result.value;
                let mut interval = Interval {
                    root: Some(root),
                    bytes: bound.bytes(root),
                    chunked: false,
                    external: false,
                    first: at,
                    last: last(root, at),
                    alias: None,
                };
                if let Some(slice) = sliced(&id) {
                    if self.last_use[root] >= r {
                        interval.first = start;
                    } else {
                        interval.chunked = true;
                        interval.bytes = bound.bytes_per_position(root, slice.axis);
                        let reads = self.readers[root].iter().filter_map(|id| moment.get(id).copied());
                        interval.last = reads.max().unwrap_or(at).max(at);
                    }
                }
                interval.alias =
                    self.find_alias(id, root, &interval, &intervals, (l, r), sliced(&id), &|id| sliced(&id), &moment);
                if let Some(target) = interval.alias {
                    let rep = representative(&intervals, target);
                    let merged = intervals[rep].last.max(interval.last);
                    intervals[rep].last = merged;
                }
                intervals.push(interval);
            }
            if matches!(node.op, Op::Contract) {
                let bytes = target.contract_scratch * target.threads;
                intervals.push(Interval {
                    root: None,
                    bytes,
                    chunked: false,
                    external: false,
                    first: at,
                    last: at,
                    alias: None,
                });
            }
        }
        Schedule { before, body, intervals }
    }

    /// The roots made before position `l` (inputs too) that are read at or after it.
    pub(super) fn live_at(&self, l: usize) -> impl Iterator<Item = ValueId> {
        let bound = &*self.bound;
        (0..bound.roots.len()).filter(move |&v| {
            let made_before = match bound.producers[v] {
                Some(id) => self.position[id] < l,
                None => !bound.is_param[v] && bound.graph.inputs.iter().any(|p| p.value == v),
            };
            bound.roots[v] == v && made_before && self.last_use[v] >= l
        })
    }

    /// A dying buffer that the result of `id` may take over.
    ///
    /// Outside a loop, and for chunks inside one: an operand of an elementwise node, read with the
    /// result's own axes for the last time. For a whole buffer filled slice by slice: any dying
    /// buffer of the same layout whose slice along the same axis was read before, in the same turn.
    #[allow(clippy::too_many_arguments)]
    fn find_alias<'s>(
        &self,
        id: NodeId,
        result: ValueId,
        own: &Interval,
        intervals: &[Interval],
        (_, r): (usize, usize),
        slice: Option<&Slice>,
        sliced: &dyn Fn(NodeId) -> Option<&'s Slice>,
        moment: &BTreeMap<NodeId, usize>,
    ) -> Option<ValueId> {
        let bound = &*self.bound;
        let node = &bound.graph.nodes[id];
        if matches!(node.op, Op::Repeat(_)) {
            return None;
        }
        let fits = |v: ValueId| {
            v != result
                && bound.shapes[v] == bound.shapes[result]
                && bound.orders[v] == bound.orders[result]
                && self.last_use[v] < r
        };
        let here = moment[&id];
        let elementwise = |v: ValueId| {
            let plain = |axes: &[AxisRef]| axes.iter().all(|a| matches!(a, AxisRef::Index(_)));
            let mut reads = node.operands.iter().filter(|o| bound.roots[o.value] == v);
            node.is_elementwise()
                && plain(&node.result().axes)
                && reads.all(|o| o.value == v && o.axes == node.result().axes)
        };
        intervals.iter().rev().find_map(|other| {
            let v = other.root?;
            let taken = intervals.iter().any(|i| i.alias == Some(v));
            if taken || !fits(v) || other.chunked != own.chunked || bound.elements(v) == 0 {
                return None;
            }
            let reads_here = self.readers[v].contains(&id);
            let all_before = self.readers[v].iter().all(|reader| match moment.get(reader) {
                Some(&m) if m == here => elementwise(v),
                Some(&m) => m < here,
                None => true,
            });
            let legal = match slice {
                // A whole node, or a chunk inside the loop: take over an operand in place.
                _ if slice.is_none() || own.chunked => reads_here && all_before,
                Some(slice) => {
                    all_before
                        && self.readers[v].iter().filter(|reader| moment.contains_key(reader)).all(|&reader| {
                            match sliced(reader) {
                                None => true,
                                Some(reading) => {
                                    bound.graph.nodes[reader].operands.iter().zip(&reading.operands).all(|(o, how)| {
                                        bound.roots[o.value] != v
                                            || (o.value == v && *how == Operand::Split(slice.axis))
                                    })
                                }
                            }
                        })
                }
                None => false,
            };
            legal.then_some(v)
        })
    }
}

/// The interval at the end of an alias chain.
fn representative(intervals: &[Interval], root: ValueId) -> usize {
    let mut at = intervals.iter().position(|i| i.root == Some(root)).expect("an alias names a buffer of the stretch");
    while let Some(next) = intervals[at].alias {
        at = intervals.iter().position(|i| i.root == Some(next)).expect("an alias names a buffer of the stretch");
    }
    at
}

impl Schedule {
    /// Live bytes at the fullest moment: a constant part and a part for each position of a chunk.
    pub(super) fn profile(&self) -> Vec<(u64, u64)> {
        let moments = self.before.len() + self.body.len();
        let mut live = vec![(0, 0); moments];
        for interval in self.intervals.iter().filter(|i| i.alias.is_none()) {
            for slot in live.iter_mut().take(interval.last.saturating_add(1)).skip(interval.first) {
                if interval.chunked {
                    slot.1 += interval.bytes;
                } else {
                    slot.0 += interval.bytes.next_multiple_of(super::ALIGNMENT);
                }
            }
        }
        live
    }
}
