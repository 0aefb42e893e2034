//! One stretch of a piece: its buffers, its loops and the calls of its moments.

use std::collections::BTreeMap;

use super::emitter::{Emitter, Places};
use super::lower::{Home, Onto, Site, Turn};
use crate::ir::{Format, Op, ValueId};
use crate::plan::data::{Base, LoopId, SlotId, SlotKind, Step};
use crate::plan::search::Candidate;
use crate::plan::tree::{Bound, Content, Item, Leaf, Life, Piece, Until};
use crate::rules::Join;

/// The axes of which a slot holds one chunk only: axis, positions and the loop.
type Chunks = Vec<(usize, u64, LoopId)>;

/// A stretch being emitted.
struct Stretch<'a> {
    bound: &'a Bound,
    life: &'a Life,
    /// The counter of each of its loops.
    counters: Vec<LoopId>,
    /// Nanoseconds of each leaf; what only starts a fold counts with the fold.
    times: Vec<u64>,
    /// Slots by moment.
    scratch: BTreeMap<usize, SlotId>,
    partial: BTreeMap<usize, SlotId>,
    /// The running logarithms of softmax folds, by root: the slot and the axes of which it holds one chunk.
    running: BTreeMap<ValueId, (SlotId, Chunks)>,
    /// The axes of which each root's slot holds one chunk only.
    chunks: BTreeMap<ValueId, Chunks>,
}

impl Stretch<'_> {
    /// Where the running logarithm of this root's softmax fold is.
    fn running(&self, root: ValueId) -> Option<Home> {
        let (slot, chunks) = self.running.get(&root)?;
        Some(Home { base: Base::Slot(*slot), chunks: chunks.clone(), format: Format::Single })
    }
}

impl Emitter {
    pub(super) fn stretch(
        &mut self,
        piece: &Piece,
        candidate: &Candidate,
        places: &mut Places,
        params: &BTreeMap<ValueId, Base>,
        steps: &mut Vec<Step>,
    ) {
        let bound = &*piece.bound;
        let life = Life::of(piece, &candidate.items, (candidate.l, candidate.r));
        // All of a kernel call is one moment of the plan.
        let (numbers, count) = life.moments.numbers();
        if count == 0 {
            return;
        }
        let (start, end) = (self.moment, self.moment + count as u64 - 1);
        let global = |local: Until| match local {
            Until::At(local) => numbers.get(local).map_or(end, |number| start + *number as u64),
            Until::End => end,
        };
        let counters: Vec<LoopId> = life.moments.loops.iter().map(|_| self.new_loop()).collect();
        let mut of_nodes = piece.costs.times(&candidate.items).into_iter();
        let leaves = life.moments.leaves.iter();
        let times = leaves.map(|leaf| if leaf.fill { 0 } else { of_nodes.next().unwrap_or(0) }).collect();
        let (scratch, partial) = (BTreeMap::new(), BTreeMap::new());
        let (running, chunks) = (BTreeMap::new(), BTreeMap::new());
        let mut site = Stretch { bound, life: &life, counters, times, scratch, partial, running, chunks };
        for buffer in &life.buffers {
            let (first, last) = (global(Until::At(buffer.first)), global(buffer.last));
            let chunks = buffer.chunks.iter().map(|&(axis, positions, each)| (axis, positions, site.counters[each]));
            let chunks: Chunks = chunks.collect();
            let slot = match (buffer.content, buffer.alias) {
                (Content::Scratch, _) => {
                    let slot = self.slot("scratch", SlotKind::Scratch, buffer.bytes, first, last);
                    site.scratch.insert(buffer.first, slot);
                    continue;
                }
                (Content::Partial, _) => {
                    let slot = self.slot("partial", SlotKind::Temporary, buffer.bytes, first, last);
                    site.partial.insert(buffer.first, slot);
                    continue;
                }
                (Content::Running(root), _) => {
                    let slot = self.slot("running sum", SlotKind::Temporary, buffer.bytes, first, last);
                    site.running.insert(root, (slot, chunks));
                    continue;
                }
                (Content::Made(_), Some(taken)) => places[&taken],
                (Content::Before(root), _) => places[&root],
                (Content::Made(root), None) => {
                    let name = bound.graph.values[root].name.clone();
                    self.slot(&name, SlotKind::Temporary, buffer.bytes, first, last)
                }
            };
            self.slots[slot].last = self.slots[slot].last.max(last);
            let root = buffer.root().expect("neither scratch nor partial");
            places.insert(root, slot);
            site.chunks.insert(root, chunks);
        }
        let home = |root: ValueId| match params.get(&root) {
            Some(&base) => Home { base, chunks: vec![], format: bound.format(root) },
            None => {
                let chunks = site.chunks.get(&root).cloned().unwrap_or_default();
                Home { base: Base::Slot(places[&root]), chunks, format: bound.format(root) }
            }
        };
        self.items(&site, (&candidate.items, 0), &home, &mut (0, 0), steps);
        debug_assert_eq!(self.moment, end + 1);
    }

    /// The steps of items at a loop depth; `cursor` counts moments and loops as the tree's moments do.
    fn items(
        &mut self,
        stretch: &Stretch<'_>,
        (items, depth): (&[Item], usize),
        home: &dyn Fn(ValueId) -> Home,
        cursor: &mut (usize, usize),
        steps: &mut Vec<Step>,
    ) {
        let bound = stretch.bound;
        for item in items {
            match item {
                Item::Node(id) if bound.graph.nodes[*id].op == Op::View => {}
                Item::Node(_) => {
                    self.leaf(stretch, cursor.0, home, steps);
                    cursor.0 += 1;
                }
                Item::Loop(each) => {
                    // A fold of an inner loop is initialized there.
                    let leaves = &stretch.life.moments.leaves;
                    while leaves[cursor.0].fill && leaves[cursor.0].path.len() == depth {
                        self.leaf(stretch, cursor.0, home, steps);
                        cursor.0 += 1;
                    }
                    let id = stretch.counters[cursor.1];
                    cursor.1 += 1;
                    let mut body = Vec::new();
                    self.items(stretch, (&each.body, depth + 1), home, cursor, &mut body);
                    let label = each.label(bound);
                    steps.push(Step::Chunk { id, total: each.total, chunk: each.chunk, label, body });
                }
            }
        }
    }

    /// The calls of one moment.
    fn leaf(&mut self, stretch: &Stretch<'_>, at: usize, home: &dyn Fn(ValueId) -> Home, steps: &mut Vec<Step>) {
        let moments = &stretch.life.moments;
        let leaf = &moments.leaves[at];
        let (bound, id) = (stretch.bound, leaf.node);
        let (first, last) = moments.calls[at];
        let turns_of = |leaf: &Leaf| -> Vec<Turn> {
            let loops = leaf.path.iter();
            loops.map(|&e| Turn { id: stretch.counters[e], index: moments.loops[e].index(leaf.node) }).collect()
        };
        let all_turns: Vec<Vec<Turn>> = moments.leaves[first..=last].iter().map(turns_of).collect();
        let sites: Vec<Site<'_>> = moments.leaves[first..=last]
            .iter()
            .zip(&all_turns)
            .map(|(leaf, turns)| Site { bound, id: leaf.node, turns })
            .collect();
        let (turns, site) = (&all_turns[at - first], &sites[at - first]);
        let root = bound.graph.nodes[id].results[0].value;
        let combine = moments.loops.iter().find_map(|each| match each.slices.get(id)?.join {
            Join::Combine(combine) => Some(combine),
            Join::Merge(_) => None,
        });
        let calls = match (combine, stretch.partial.get(&at)) {
            (Some(combine), _) if leaf.fill => {
                let running = stretch.running(root).zip(bound.graph.nodes[id].channel());
                let running = running.map(|(home, channel)| site.fill_running(&home, channel));
                [site.fill(&home(root), combine)].into_iter().chain(running).collect()
            }
            (Some(combine), Some(&slot)) => {
                let chunks = leaf.path.iter().zip(turns).filter_map(|(&each, turn)| {
                    let axis = moments.loops[each].slices.get(id)?.axis()?;
                    Some((axis, moments.loops[each].chunk, turn.id))
                });
                let (base, chunks) = (Base::Slot(slot), chunks.collect::<Vec<_>>());
                let part = |value: ValueId| {
                    let format = bound.format(root);
                    if value == root { Home { base, chunks: chunks.clone(), format } } else { home(value) }
                };
                let mut calls = site.lower(&part, None, &Onto::Nothing);
                calls.push(site.combine(&part(root), &home(root), combine));
                calls
            }
            // The first contraction of a call represents all of them.
            _ if at > first => vec![],
            _ if last > first => {
                let all: Vec<&Site<'_>> = sites.iter().collect();
                vec![site.contract(&all, home, stretch.scratch.get(&at).copied(), &Onto::Nothing)]
            }
            (folded, _) => {
                let running = stretch.running(root).map_or(Onto::Result, Onto::Running);
                let onto = if folded.is_some() { running } else { Onto::Nothing };
                site.lower(home, stretch.scratch.get(&at).copied(), &onto)
            }
        };
        for (kernel, mut call) in calls {
            call.kernel = self.kernel(kernel);
            call.moment = self.moment;
            steps.push(Step::Call(call));
        }
        // The time of a call is recorded at its first contraction.
        if at == first {
            self.tick(&bound.graph.nodes[id].origin, stretch.times[at]);
        }
    }
}
