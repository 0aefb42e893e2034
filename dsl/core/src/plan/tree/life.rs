//! Live ranges: how long every buffer of a stretch lives, how large it is, and which one reuses another's memory.
//! Search and emission both use this, so they cannot disagree.

use super::bound::Bound;
use super::item::Item;
use super::moments::{Leaf, Moments, Within};
use super::piece::Piece;
use super::until::Until;
use crate::ir::{AxisRef, Index, NodeId, Op, ValueId};
use crate::kernel::Attend;
use crate::plan::data::ALIGNMENT;
use crate::rules::{Join, Operand};

/// A buffer within a stretch.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Buffer {
    /// What it is.
    pub content: Content,
    /// Bytes.
    pub bytes: u64,
    /// The axes of which it holds one chunk only: axis, positions and the loop.
    pub chunks: Vec<(usize, u64, usize)>,
    /// First moment it is alive, counted from the stretch's start.
    pub first: usize,
    /// Last moment; the end where it outlives the stretch.
    pub last: Until,
    /// The root whose buffer it reuses.
    pub alias: Option<ValueId>,
    /// The loops in whose iterations the buffer is new each time, outermost first.
    home: Within,
}

/// What a buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Content {
    /// A value that was there before.
    Before(ValueId),
    /// A value made here.
    Made(ValueId),
    /// The partial result of a slice of a fold, before it is combined.
    Partial,
    /// The running logarithm of a softmax fold: of the sum of exponentials so far.
    Running(ValueId),
    /// Working memory of a kernel.
    Scratch,
}

impl Buffer {
    /// The root it holds.
    pub(in crate::plan) fn root(&self) -> Option<ValueId> {
        match self.content {
            Content::Before(root) | Content::Made(root) => Some(root),
            Content::Partial | Content::Running(_) | Content::Scratch => None,
        }
    }
}

/// A stretch as it would run.
pub(in crate::plan) struct Life {
    pub moments: Moments,
    pub buffers: Vec<Buffer>,
}

impl Life {
    /// The stretch `l..r` of a piece, run as `items`.
    pub(in crate::plan) fn of(piece: &Piece, items: &[Item], (l, r): (usize, usize)) -> Life {
        let bound = &*piece.bound;
        let moments = Moments::of(bound, items);
        let buffers = Vec::with_capacity(3 * moments.leaves.len() + 8);
        let mut life = Life { moments, buffers };
        for root in piece.live_at(l) {
            let last = life.last_read(piece, root, r, &[]).unwrap_or(Until::At(0));
            let (content, bytes) = (Content::Before(root), bound.bytes(root));
            let buffer = Buffer { content, bytes, chunks: vec![], first: 0, last, alias: None, home: Within::new() };
            life.buffers.push(buffer);
        }
        for at in 0..life.moments.leaves.len() {
            let leaf = life.moments.leaves[at].clone();
            let node = &bound.graph.nodes[leaf.node];
            let result = node.results[0].value;
            let known = life.buffers.iter().any(|b| b.content == Content::Made(result));
            if !known {
                let buffer = life.made(piece, at, &leaf, result, r);
                if let Some(taken) = buffer.alias {
                    let representative = life.representative(taken);
                    let last = life.buffers[representative].last.max(buffer.last);
                    life.buffers[representative].last = last;
                }
                life.buffers.push(buffer);
            }
            if leaf.fill {
                if let Op::Attend { channel, .. } = node.op {
                    life.buffers.push(life.running(bound, at, &leaf, channel));
                }
                continue;
            }
            let mut working = |content, bytes| {
                let home = leaf.path.clone();
                let alone =
                    Buffer { content, bytes, chunks: vec![], first: at, last: Until::At(at), alias: None, home };
                life.buffers.push(alone);
            };
            match node.op {
                // One for all contractions of a call.
                Op::Contract(_) if life.moments.calls[at].0 == at => {
                    working(Content::Scratch, piece.target.contract_scratch * piece.target.threads);
                }
                Op::Attend { inner, channel, .. } => {
                    let extents = &bound.extents[leaf.node];
                    let each = Attend::scratch(extents[inner], extents[channel]);
                    working(Content::Scratch, each * piece.target.threads);
                }
                Op::Rows { .. } if folds(&life.moments, &leaf) => {
                    let bytes = result_bytes(bound, &life.moments, &leaf);
                    working(Content::Partial, bytes);
                }
                _ => {}
            }
        }
        life.join();
        life
    }

    /// What is alive at a moment of a kernel call is alive through all of it.
    fn join(&mut self) {
        for buffer in &mut self.buffers {
            let calls = &self.moments.calls;
            buffer.first = calls.get(buffer.first).map_or(buffer.first, |call| call.0);
            if let Until::At(last) = &mut buffer.last {
                *last = calls.get(*last).map_or(*last, |call| call.1);
            }
        }
    }

    /// The buffer of a value first written at a moment.
    fn made(&self, piece: &Piece, at: usize, leaf: &Leaf, root: ValueId, r: usize) -> Buffer {
        let bound = &*piece.bound;
        // For a fold, the producer inside the loops that fold.
        let producer = self.moments.leaves.iter().rfind(|l| l.node == leaf.node).expect("a leaf is in its tree");
        let mut depth = producer.path.len();
        for (d, &each) in producer.path.iter().enumerate() {
            let slice = self.moments.loops[each].slices.get(leaf.node);
            if slice.is_some_and(|s| matches!(s.join, Join::Combine(_))) {
                depth = depth.min(d);
            }
        }
        for reader in self.readers(piece, root) {
            depth = depth.min(common(&producer.path, &reader.path));
        }
        if piece.last_use[root] >= Until::At(r) {
            depth = 0;
        }
        let home = Within::from(&producer.path[..depth]);
        let first = match leaf.path.get(depth) {
            Some(&inner) => self.moments.spans[inner].0,
            None => at,
        };
        let last = self.last_read(piece, root, r, &home).unwrap_or(Until::At(first)).max(Until::At(first));
        // A result alive for its own loop only still lives through all of that loop.
        let own = producer.path.get(depth).map_or(at, |&inner| self.moments.spans[inner].1);
        let last = last.max(Until::At(own));
        let mut chunks = Vec::new();
        let mut bytes = bound.bytes(root);
        for &each in &home {
            let axis = self.moments.loops[each].slices.get(leaf.node).and_then(|s| s.axis());
            if let Some(axis) = axis {
                let (extent, positions) = (bound.shapes[root][axis], self.moments.loops[each].chunk);
                bytes = bytes / extent.max(1) * positions;
                chunks.push((axis, positions, each));
            }
        }
        let mut buffer = Buffer { content: Content::Made(root), bytes, chunks, first, last, alias: None, home };
        buffer.alias = self.taken_over(piece, at, producer, &buffer);
        buffer
    }

    /// The running logarithm of a softmax fold, alive from its initialization to the fold's end.
    fn running(&self, bound: &Bound, at: usize, leaf: &Leaf, channel: Index) -> Buffer {
        let result = bound.graph.nodes[leaf.node].result();
        let home = leaf.path.clone();
        let mut chunks = Vec::new();
        let own = bound.shapes[result.value].iter().zip(&result.axes);
        let mut bytes = 4 * own.filter(|(_, a)| **a != AxisRef::Index(channel)).map(|(e, _)| e).product::<u64>();
        for &each in &home {
            if let Some(axis) = self.moments.loops[each].slices.get(leaf.node).and_then(|s| s.axis()) {
                let (extent, positions) = (bound.shapes[result.value][axis], self.moments.loops[each].chunk);
                bytes = bytes / extent.max(1) * positions;
                chunks.push((axis, positions, each));
            }
        }
        let producer = self.moments.leaves.iter().rfind(|l| l.node == leaf.node).expect("a leaf is in its tree");
        let last = Until::At(producer.path.get(home.len()).map_or(at, |&fold| self.moments.spans[fold].1));
        Buffer { content: Content::Running(result.value), bytes, chunks, first: at, last, alias: None, home }
    }

    /// The moments at which a root is read.
    fn readers<'s>(&'s self, piece: &'s Piece, root: ValueId) -> impl Iterator<Item = &'s Leaf> {
        self.moments.leaves.iter().filter(move |l| !l.fill && piece.bound.readers[root].contains(&l.node))
    }

    /// The last moment at which a root is needed by what runs in `home`; none if it never is.
    fn last_read(&self, piece: &Piece, root: ValueId, r: usize, home: &[usize]) -> Option<Until> {
        if piece.last_use[root] >= Until::At(r) {
            return Some(Until::End);
        }
        let reads = self.moments.leaves.iter().enumerate();
        let reads = reads.filter(|(_, l)| !l.fill && piece.bound.readers[root].contains(&l.node));
        reads
            .map(|(at, l)| l.path.get(home.len()).map_or(at, |&inner| self.moments.spans[inner].1))
            .max()
            .map(Until::At)
    }

    /// A dying buffer whose memory a result may reuse: of the same shape, alive when the result's life
    /// begins, and, slice by slice, read before the result is written to the same place.
    fn taken_over(&self, piece: &Piece, at: usize, leaf: &Leaf, own: &Buffer) -> Option<ValueId> {
        let bound = &*piece.bound;
        let result = own.root()?;
        let node = &bound.graph.nodes[leaf.node];
        let inner = &leaf.path[own.home.len()..];
        let written = |each: &usize| self.moments.loops[*each].slices.get(leaf.node).map(|s| s.join);
        // A fold's result is initialized before anything is read.
        if inner.iter().any(|each| !matches!(written(each), Some(Join::Merge(_)))) {
            return None;
        }
        let at = if self.moments.leaves[at].fill { return None } else { at };
        self.buffers.iter().rev().find_map(|other| {
            let root = other.root()?;
            let fits = root != result
                && other.home == own.home
                && other.last != Until::End
                && other.last >= Until::At(own.first)
                && bound.shapes[root] == bound.shapes[result]
                && bound.orders[root] == bound.orders[result]
                && bound.format(root) == bound.format(result)
                && other.chunks == own.chunks
                && bound.elements(root) > 0
                && !bound.is_param[root];
            if !fits || self.buffers.iter().any(|b| b.alias == Some(root)) {
                return None;
            }
            let legal = self.moments.leaves.iter().enumerate().all(|(moment, reader)| {
                if reader.fill || !piece.bound.readers[root].contains(&reader.node) {
                    return true;
                }
                if moment == at {
                    return in_place(bound, leaf.node, root);
                }
                // An operand of the same call is read while the result is written.
                if moment > at || self.moments.calls[moment] == self.moments.calls[at] {
                    return false;
                }
                let shared = &inner[..common(inner, reader.path.get(own.home.len()..).unwrap_or_default())];
                shared.iter().all(|each| {
                    let Some(Join::Merge(axis)) = written(each) else { return false };
                    self.moments.loops[*each].slices.get(reader.node).is_some_and(|reading| {
                        bound.graph.nodes[reader.node].operands.iter().zip(&reading.operands).all(|(o, how)| {
                            bound.roots[o.value] != root || (o.value == root && *how == Operand::Split(axis))
                        })
                    })
                })
            });
            debug_assert!(!matches!(node.op, Op::Repeat(_)));
            legal.then_some(root)
        })
    }

    /// The buffer at the end of an alias chain.
    fn representative(&self, root: ValueId) -> usize {
        let find = |root| self.buffers.iter().position(|b| b.root() == Some(root));
        let mut at = find(root).expect("an alias names a buffer of the stretch");
        while let Some(next) = self.buffers[at].alias {
            at = find(next).expect("an alias names a buffer of the stretch");
        }
        at
    }

    /// Live bytes at each moment, of a tree whose outermost loop and the first loop in it have iterations of
    /// one position: as a function of how many positions they have.
    pub(in crate::plan) fn profile(&self) -> Vec<Profile> {
        let moments = self.moments.leaves.len().max(1);
        let mut live = vec![Profile::default(); moments];
        for buffer in self.buffers.iter().filter(|b| b.alias.is_none()) {
            let grows = |each: usize| buffer.chunks.iter().any(|c| c.2 == each);
            let end = match buffer.last {
                Until::At(last) => last + 1,
                Until::End => moments,
            };
            for slot in live.iter_mut().take(end).skip(buffer.first) {
                match (grows(0), grows(1)) {
                    (false, false) => slot.fixed += buffer.bytes.next_multiple_of(ALIGNMENT),
                    (true, false) => slot.outer += buffer.bytes,
                    (false, true) => slot.inner += buffer.bytes,
                    (true, true) => slot.both += buffer.bytes,
                }
            }
        }
        live
    }
}

/// Bytes as a function of the positions in an iteration of two loops.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::plan) struct Profile {
    fixed: u64,
    outer: u64,
    inner: u64,
    both: u64,
}

impl Profile {
    /// Bytes for given positions per iteration of the loops.
    pub(in crate::plan) fn at(&self, outer: u64, inner: u64) -> u64 {
        self.fixed + self.outer * outer + self.inner * inner + self.both * outer * inner
    }
}

/// How many loops two paths begin with together.
fn common(a: &[usize], b: &[usize]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

/// Whether any loop around a leaf folds it.
pub(in crate::plan) fn folds(moments: &Moments, leaf: &Leaf) -> bool {
    leaf.path.iter().any(|&each| {
        let slice = moments.loops[each].slices.get(leaf.node);
        slice.is_some_and(|s| matches!(s.join, Join::Combine(_)))
    })
}

/// Bytes of what one call of a leaf writes.
fn result_bytes(bound: &Bound, moments: &Moments, leaf: &Leaf) -> u64 {
    let result = bound.graph.nodes[leaf.node].results[0].value;
    leaf.path.iter().fold(bound.bytes(result), |bytes, &each| {
        let axis = moments.loops[each].slices.get(leaf.node).and_then(|s| s.axis());
        axis.map_or(bytes, |a| bytes / bound.shapes[result][a].max(1) * moments.loops[each].chunk)
    })
}

/// Whether a node may write its result over an operand while it reads it.
fn in_place(bound: &Bound, id: NodeId, root: ValueId) -> bool {
    let node = &bound.graph.nodes[id];
    let mut reads = node.operands.iter().enumerate().filter(|(_, o)| bound.roots[o.value] == root);
    reads.all(|(k, o)| o.value == root && node.may_overwrite(k))
}
