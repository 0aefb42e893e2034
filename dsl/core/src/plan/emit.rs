//! A path through the search becomes a plan: steps, buffers, addresses, the peak.

use std::collections::BTreeMap;

use super::lower::{Home, Turn, lower};
use super::schedule::END;
use super::search::{Candidate, Path, Search, carried_copy};
use super::target::Target;
use super::{Base, Call, Length, LoopId, Memory, Place, Plan, PlanParam, PlanPort, Slot, SlotKind, Step, layout};
use crate::ir::{Expr, NodeId, Op, Sizes, ValueId};
use crate::kernel::{Kernel, Nest};

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
    memory.weights = emitter.params.iter().map(PlanParam::bytes).sum();
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
    /// What runs at each moment.
    origins: Vec<String>,
}

/// The slot of each root.
type Places = BTreeMap<ValueId, usize>;

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

    fn tick(&mut self, origin: &str) {
        self.moment += 1;
        self.origins.push(origin.to_string());
    }

    /// The steps of a path; `places` has the inputs and gets every root that outlives its stretch.
    fn sequence(&mut self, search: &Search, path: &Path, places: &mut Places, layers: &[(LoopId, u64)]) -> Vec<Step> {
        let bound = &search.bound;
        // Parameters of this graph, at these layers.
        let first_param = self.params.len();
        for port in &bound.graph.params {
            let shape = bound.shapes[port.value].clone();
            self.params.push(PlanParam { name: port.name.clone(), shape, layers: layers.to_vec() });
        }
        let params: BTreeMap<ValueId, usize> =
            bound.graph.params.iter().enumerate().map(|(k, p)| (p.value, first_param + k)).collect();
        let mut steps = Vec::new();
        for &pick in &path.picks {
            let candidate = &search.candidates[path.order][pick];
            self.stretch(search, path.order, candidate, places, &params, layers, &mut steps);
        }
        steps
    }

    #[allow(clippy::too_many_arguments)]
    fn stretch(
        &mut self,
        search: &Search,
        order: usize,
        candidate: &Candidate,
        places: &mut Places,
        params: &BTreeMap<ValueId, usize>,
        layers: &[(LoopId, u64)],
        steps: &mut Vec<Step>,
    ) {
        let (bound, seq) = (&*search.bound, &search.sequences[order]);
        let id = seq.order[candidate.l];
        if let Op::Repeat(_) = bound.graph.nodes[id].op {
            self.layers(search, order, id, candidate, places, layers, steps);
            return;
        }
        let slices = candidate.loops.as_ref().map(|l| &l.0);
        let schedule = seq.schedule(candidate.l, candidate.r, slices, &search.target);
        let moments = (schedule.before.len() + schedule.body.len()) as u64;
        if moments == 0 {
            return;
        }
        let (start, end) = (self.moment, self.moment + moments - 1);
        let global = |local: usize| if local == END { end } else { start + local as u64 };
        let chunk = candidate.loops.as_ref().map_or(0, |l| l.2);
        let mut scratch: BTreeMap<u64, usize> = BTreeMap::new();
        let mut chunked: BTreeMap<ValueId, (usize, u64)> = BTreeMap::new();
        for interval in &schedule.intervals {
            let (first, last) = (global(interval.first), global(interval.last));
            let Some(root) = interval.root else {
                let slot = self.slot("scratch", SlotKind::Scratch, interval.bytes, first, last);
                scratch.insert(first, slot);
                continue;
            };
            let slot = match (interval.alias, interval.external) {
                (Some(taken), _) => places[&taken],
                (None, true) => places[&root],
                (None, false) => {
                    let bytes = if interval.chunked { interval.bytes * chunk } else { interval.bytes };
                    self.slot(&bound.graph.values[root].name, SlotKind::Temporary, bytes, first, last)
                }
            };
            self.slots[slot].last = self.slots[slot].last.max(last);
            places.insert(root, slot);
            if interval.chunked {
                let made = bound.producers[root].and_then(|p| slices.and_then(|s| s.get(&p)));
                chunked.insert(root, (made.expect("a chunk is made in the loop").axis, chunk));
            }
        }
        let home = |root: ValueId| match params.get(&root) {
            Some(&param) => Home { base: Base::Param(param), chunk: None },
            None => Home { base: Base::Slot(places[&root]), chunk: chunked.get(&root).copied() },
        };
        let run = |emitter: &mut Emitter, id: NodeId, turn: Option<Turn>, steps: &mut Vec<Step>| {
            let scratch = scratch.get(&emitter.moment).copied();
            for (kernel, mut call) in lower(bound, id, turn, &home, scratch) {
                call.kernel = emitter.kernel(kernel);
                call.moment = emitter.moment;
                steps.push(Step::Call(call));
            }
            emitter.tick(&bound.graph.nodes[id].origin);
        };
        for &id in &schedule.before {
            run(self, id, None, steps);
        }
        if let Some((slices, total, chunk)) = &candidate.loops {
            let counter = self.new_loop();
            let mut body = Vec::new();
            for &id in &schedule.body {
                run(self, id, Some(Turn { id: counter, index: slices[&id].index }), &mut body);
            }
            let last = schedule.body.last().expect("a loop has a body");
            let node = &bound.graph.nodes[*last];
            let label = format!("{} of {}", node.indices[slices[last].index], node.origin);
            steps.push(Step::Chunk { id: counter, total: *total, chunk: *chunk, label, body });
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn layers(
        &mut self,
        search: &Search,
        order: usize,
        id: NodeId,
        candidate: &Candidate,
        places: &mut Places,
        layers: &[(LoopId, u64)],
        steps: &mut Vec<Step>,
    ) {
        let (bound, seq) = (&*search.bound, &search.sequences[order]);
        let node = &bound.graph.nodes[id];
        let Op::Repeat(repeat) = &node.op else { unreachable!("asked only for repeats") };
        let (inner, path) = (&search.layers[&id], candidate.layer.as_ref().expect("a layer has a path"));
        let start = self.moment;
        // The carried values get buffers of their own where the operand's may not be taken.
        let mut inside: Places = BTreeMap::new();
        let mut carried = Vec::new();
        for (k, (operand, port)) in node.operands.iter().zip(&repeat.body.inputs).enumerate() {
            let mut slot = places[&operand.value];
            if k < repeat.carried {
                if carried_copy(seq, id, k) {
                    let own = self.slot(
                        &port.name,
                        SlotKind::Temporary,
                        bound.bytes(operand.value),
                        self.moment,
                        self.moment,
                    );
                    self.copy(bound.elements(operand.value), slot, own, &port.name, steps);
                    slot = own;
                }
                carried.push(slot);
            }
            inside.insert(port.value, slot);
        }
        let counter = self.new_loop();
        let count = repeat.count.eval(&bound.sizes).expect("checked when bound");
        let around: Vec<(LoopId, u64)> = layers.iter().copied().chain([(counter, count)]).collect();
        let mut body = self.sequence(inner, path, &mut inside, &around);
        let moved: Vec<(usize, usize, u64)> = repeat
            .body
            .outputs
            .iter()
            .zip(&carried)
            .map(|(port, &to)| (inside[&port.value], to, bound_elements(inner, port.value)))
            .filter(|(from, to, _)| from != to)
            .collect();
        // An output in another carried buffer would be overwritten before it is moved: set all aside first.
        let crossed = moved.iter().any(|(from, ..)| carried.contains(from));
        let mut from_slots: Vec<usize> = moved.iter().map(|m| m.0).collect();
        if crossed {
            for (from, (_, _, elements)) in from_slots.iter_mut().zip(&moved) {
                let aside = self.slot("aside", SlotKind::Temporary, 4 * elements, self.moment, self.moment);
                self.copy(*elements, *from, aside, "aside", &mut body);
                *from = aside;
            }
        }
        for (&from, &(_, to, elements)) in from_slots.iter().zip(&moved) {
            self.copy(elements, from, to, "carried", &mut body);
        }
        let end = self.moment.saturating_sub(1).max(start);
        // Whatever a layer reads of the outside lives through all layers, and so do the carried values.
        for slot in node.operands.iter().map(|o| places[&o.value]).chain(carried.iter().copied()) {
            self.slots[slot].last = self.slots[slot].last.max(end);
        }
        for slot in from_slots {
            self.slots[slot].last = self.slots[slot].last.max(end);
        }
        for root in seq.live_at(candidate.l) {
            if seq.last_use[root] > candidate.l {
                let slot = places[&root];
                self.slots[slot].last = self.slots[slot].last.max(end);
            }
        }
        for (result, slot) in node.results.iter().zip(carried) {
            places.insert(result.value, slot);
        }
        steps.push(Step::Layers { id: counter, count, body });
    }

    /// One copy of dense elements.
    fn copy(&mut self, elements: u64, from: usize, to: usize, name: &str, steps: &mut Vec<Step>) {
        let nest = Nest {
            indices: 1,
            loads: vec![vec![1]],
            gathers: vec![None],
            store: vec![1],
            before: Expr::default(),
            row: None,
            after: Expr::load(0),
        };
        let place = |slot| Place { base: Base::Slot(slot), offset: 0, moves: vec![] };
        let kernel = self.kernel(Kernel::Nest(nest));
        steps.push(Step::Call(Call {
            kernel,
            operands: vec![place(from)],
            result: place(to),
            lengths: vec![Length::Fixed(elements)],
            scratch: None,
            moment: self.moment,
            origin: format!("copy of {name}"),
        }));
        for slot in [from, to] {
            self.slots[slot].last = self.slots[slot].last.max(self.moment);
        }
        self.tick(&format!("copy of {name}"));
    }
}

fn bound_elements(search: &Search, value: ValueId) -> u64 {
    search.bound.elements(value)
}
