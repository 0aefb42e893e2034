//! A path through the search becomes a plan: steps, buffers, addresses, the peak.

mod layers;

use std::collections::BTreeMap;

use layers::Layer;

use super::bound::Bound;
use super::life::{Content, Life};
use super::lower::{Home, Onto, Site, Turn};
use super::piece::Piece;
use super::search::{Part, Path, Search, Weights};
use super::stretch::Candidate;
use super::target::Target;
use super::tree::{Item, Leaf};
use super::{Base, LoopId, Memory, Plan, PlanParam, PlanPiece, PlanPort, Slot, SlotKind, Step, layout};
use crate::ir::{Format, Op, Sizes, ValueId};
use crate::kernel::Kernel;
use crate::rules::Join;

/// Emits the plan of a whole program.
pub(super) fn emit(
    search: &Search,
    path: &Path,
    name: &str,
    sizes: &Sizes,
    target: &Target,
    budget: Option<u64>,
) -> Plan {
    let mut emitter = Emitter::default();
    let graph = &search.bound.graph;
    let mut places = BTreeMap::new();
    let mut inputs = Vec::new();
    for port in &graph.inputs {
        let slot = emitter.slot(&port.name, SlotKind::Input, search.bound.bytes(port.value), 0, 0);
        places.insert(port.value, slot);
        inputs.push(PlanPort { name: port.name.clone(), shape: search.bound.shapes[port.value].clone(), slot });
    }
    let steps = emitter.sequence(search, path, &mut places, &[]);
    let end = emitter.moment.saturating_sub(1);
    let mut outputs = Vec::new();
    for port in &graph.outputs {
        let slot = places[&port.value];
        emitter.slots[slot].last = end;
        if emitter.slots[slot].kind == SlotKind::Temporary {
            emitter.slots[slot].kind = SlotKind::Output;
        }
        outputs.push(PlanPort { name: port.name.clone(), shape: search.bound.shapes[port.value].clone(), slot });
    }
    let arena = layout::place(&mut emitter.slots);
    let mut memory = fullest(&emitter.slots, &emitter.origins);
    memory.arena = arena;
    memory.weights = super::param::held(&emitter.params);
    // An operation of the program itself has no name that tells where it stands.
    if !memory.operation.is_empty() && !memory.operation.contains('.') {
        memory.operation = format!("{name}.{}", memory.operation);
    }
    Plan {
        name: name.to_string(),
        sizes: sizes.clone(),
        budget,
        target: target.clone(),
        slots: emitter.slots,
        inputs,
        outputs,
        params: emitter.params,
        kernels: emitter.kernels,
        loops: emitter.loops,
        steps,
        memory,
        time: path.time,
        times: emitter.times,
        pieces: emitter.pieces,
    }
}

/// The moment with the most live bytes, and what they are.
fn fullest(slots: &[Slot], origins: &[String]) -> Memory {
    let mut best = Memory::default();
    for moment in 0..origins.len().max(1) {
        let live = |kind: SlotKind| -> u64 {
            let alive = slots.iter().filter(|s| s.kind == kind && (s.first..=s.last).contains(&(moment as u64)));
            alive.map(|s| s.bytes.next_multiple_of(super::ALIGNMENT)).sum()
        };
        let memory = Memory {
            inputs: live(SlotKind::Input),
            outputs: live(SlotKind::Output),
            temporaries: live(SlotKind::Temporary),
            scratch: live(SlotKind::Scratch),
            moment: moment as u64,
            operation: origins.get(moment).cloned().unwrap_or_default(),
            ..Memory::default()
        };
        let total = |m: &Memory| m.inputs + m.outputs + m.temporaries + m.scratch;
        if moment == 0 || total(&memory) > total(&best) {
            best = memory;
        }
    }
    best
}

#[derive(Default)]
struct Emitter {
    slots: Vec<Slot>,
    params: Vec<PlanParam>,
    kernels: Vec<Kernel>,
    loops: usize,
    moment: u64,
    /// Whether the weights of the layers being emitted are streamed, and the nanoseconds that a layer takes.
    streams: bool,
    loading: u64,
    /// What runs at each moment.
    origins: Vec<String>,
    /// Nanoseconds of each moment.
    times: Vec<u64>,
    pieces: Vec<PlanPiece>,
}

/// The axes of which a slot holds one chunk only: axis, positions and the loop.
type Chunks = Vec<(usize, u64, LoopId)>;

/// The slot of each root.
type Places = BTreeMap<ValueId, usize>;

/// A stretch being emitted.
struct Stretch<'a> {
    bound: &'a Bound,
    life: &'a Life,
    /// The counter of each of its loops.
    counters: Vec<LoopId>,
    /// Nanoseconds of each leaf; what only starts a fold counts with the fold.
    times: Vec<u64>,
    /// Slots by moment.
    scratch: BTreeMap<usize, usize>,
    partial: BTreeMap<usize, usize>,
    /// What softmax folds keep beside their results, by root: the slot and the axes it holds one chunk of.
    running: BTreeMap<ValueId, (usize, Chunks)>,
    /// The axes of which each root's slot holds one chunk only.
    chunks: BTreeMap<ValueId, Chunks>,
}

impl Stretch<'_> {
    /// Where what a softmax fold keeps beside this root is.
    fn running(&self, root: ValueId) -> Option<Home> {
        let (slot, chunks) = self.running.get(&root)?;
        Some(Home { base: Base::Slot(*slot), chunks: chunks.clone(), format: Format::Single })
    }
}

impl Emitter {
    fn slot(&mut self, name: &str, kind: SlotKind, bytes: u64, first: u64, last: u64) -> usize {
        self.slots.push(Slot { name: name.to_string(), kind, offset: 0, bytes, first, last });
        self.slots.len() - 1
    }

    fn new_loop(&mut self) -> LoopId {
        self.loops += 1;
        self.loops - 1
    }

    fn kernel(&mut self, kernel: Kernel) -> usize {
        self.kernels.iter().position(|k| *k == kernel).unwrap_or_else(|| {
            self.kernels.push(kernel);
            self.kernels.len() - 1
        })
    }

    fn tick(&mut self, origin: &str, time: u64) {
        self.moment += 1;
        self.times.push(time);
        self.origins.push(origin.to_string());
    }

    /// The steps of a path; `places` has the inputs and gets every root that outlives its stretch.
    fn sequence(&mut self, search: &Search, path: &Path, places: &mut Places, layers: &[(LoopId, u64)]) -> Vec<Step> {
        let bound = &search.bound;
        // Parameters of this graph, at these layers.
        let mut steps = Vec::new();
        let streamed = layers.last().is_some_and(|_| self.streams);
        let mut params: BTreeMap<ValueId, Base> = BTreeMap::new();
        let mut resident = Vec::new();
        for port in &bound.graph.params {
            let shape = bound.shapes[port.value].clone();
            let base = Base::Param(self.params.len());
            self.params.push(PlanParam { name: port.name.clone(), shape, layers: layers.to_vec(), streamed });
            if streamed {
                let bytes = bound.bytes(port.value);
                let slot = self.slot(&port.name, SlotKind::Temporary, bytes, self.moment, self.moment);
                steps.push(self.copying(bytes / 4, base, slot, "weights of a layer"));
                resident.push(slot);
            }
            params.insert(port.value, resident.last().map_or(base, |slot| Base::Slot(*slot)));
        }
        if streamed {
            self.tick("weights of a layer", self.loading);
        }
        for (place, (part, &pick)) in search.parts.iter().zip(&path.picks).enumerate() {
            let (first, pieces) = (self.moment, self.pieces.len());
            match part {
                Part::Nodes { variants, ways, .. } => {
                    let way = &ways[pick];
                    for candidate in &way.stretches {
                        self.stretch(&variants[way.variant], candidate, places, &params, &mut steps);
                    }
                    if self.moment > first {
                        self.pieces.push(PlanPiece { chosen: vec![], first, last: self.moment - 1 });
                    }
                }
                Part::Layers { id, stays, inner, ways, load, .. } => {
                    let node = &bound.graph.nodes[*id];
                    let Op::Repeat(repeat) = &node.op else { unreachable!("a part over layers is a repeat") };
                    let count = repeat.count.eval(&bound.sizes).expect("checked when bound");
                    let layer = Layer { node, repeat, count, stays, inner, path: &ways[pick].path };
                    self.streams = path.weights == Weights::Streamed && load.bytes > 0;
                    self.loading = load.time;
                    self.layers(&layer, places, layers, &mut steps);
                    self.streams = false;
                }
            }
            self.pieces[pieces..].iter_mut().for_each(|piece| piece.chosen.insert(0, (place, pick)));
        }
        for slot in resident {
            self.slots[slot].last = self.moment.saturating_sub(1);
        }
        steps
    }

    fn stretch(
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
        let global = |local: usize| numbers.get(local).map_or(end, |number| start + *number as u64);
        let counters: Vec<LoopId> = life.moments.loops.iter().map(|_| self.new_loop()).collect();
        let mut of_nodes = piece.costs.times(&candidate.items).into_iter();
        let leaves = life.moments.leaves.iter();
        let times = leaves.map(|leaf| if leaf.fill { 0 } else { of_nodes.next().unwrap_or(0) }).collect();
        let (scratch, partial) = (BTreeMap::new(), BTreeMap::new());
        let (running, chunks) = (BTreeMap::new(), BTreeMap::new());
        let mut site = Stretch { bound, life: &life, counters, times, scratch, partial, running, chunks };
        for buffer in &life.buffers {
            let (first, last) = (global(buffer.first), global(buffer.last));
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

    /// The steps of items inside so many loops; `cursor` counts moments and loops as the tree's moments do.
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
                    // What starts a fold of a loop further inside comes there.
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
            // The first contraction of a call stands for all.
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
        // The time of a call stands with its first contraction.
        if at == first {
            self.tick(&bound.graph.nodes[id].origin, stretch.times[at]);
        }
    }
}
