//! The parts of a path, in order: pieces, and loops over layers with the values they carry.

use std::collections::BTreeMap;

use super::emitter::{Emitter, Places};
use crate::ir::{Node, Op, PerValue, Repeat, ValueId};
use crate::plan::data::{Base, LoopId, PlanParam, PlanPiece, SlotId, SlotKind, Step};
use crate::plan::search::{Part, Path, Search, Weights, carried_copy};

/// A loop over layers being emitted.
struct Layer<'a> {
    node: &'a Node,
    repeat: &'a Repeat,
    count: u64,
    stays: &'a PerValue<bool>,
    inner: &'a Search,
    path: &'a Path,
}

impl Emitter {
    /// The steps of a path; `places` has the inputs and gets every root that outlives its stretch.
    pub(super) fn sequence(
        &mut self,
        search: &Search,
        path: &Path,
        places: &mut Places,
        layers: &[(LoopId, u64)],
    ) -> Vec<Step> {
        let bound = &search.bound;
        // Parameters of this graph, at these layers.
        let mut steps = Vec::new();
        let streamed = layers.last().is_some_and(|_| self.streams);
        let mut params: BTreeMap<ValueId, Base> = BTreeMap::new();
        let mut resident = Vec::new();
        for port in &bound.graph.params {
            let shape = bound.shapes[port.value].clone();
            let param = PlanParam { name: port.name.clone(), shape, layers: layers.to_vec(), streamed };
            let base = Base::Param(self.params.push(param));
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

    fn layers(&mut self, layer: &Layer<'_>, places: &mut Places, layers: &[(LoopId, u64)], steps: &mut Vec<Step>) {
        let Layer { node, repeat, count, stays, inner, path } = *layer;
        let start = self.moment;
        // The carried values get buffers of their own where the operand's may not be taken.
        let mut inside: Places = BTreeMap::new();
        let mut carried = Vec::new();
        for (k, (operand, port)) in node.operands.iter().zip(&repeat.body.inputs).enumerate() {
            let mut slot = places[&operand.value];
            if k < repeat.carried {
                if carried_copy(&node.operands, stays, k) {
                    let (bytes, elements) = (inner.bound.bytes(port.value), inner.bound.elements(port.value));
                    let own = self.slot(&port.name, SlotKind::Temporary, bytes, self.moment, self.moment);
                    self.copy(elements, slot, own, &port.name, steps);
                    slot = own;
                }
                carried.push(slot);
            }
            inside.insert(port.value, slot);
        }
        let counter = self.new_loop();
        let around: Vec<(LoopId, u64)> = layers.iter().copied().chain([(counter, count)]).collect();
        let first = self.times.len();
        let mut body = self.sequence(inner, path, &mut inside, &around);
        // A moment counts all layers.
        self.times[first..].iter_mut().for_each(|time| *time = time.saturating_mul(count));
        let moved: Vec<(SlotId, SlotId, u64)> = repeat
            .body
            .outputs
            .iter()
            .zip(&carried)
            .map(|(port, &to)| (inside[&port.value], to, inner.bound.elements(port.value)))
            .filter(|(from, to, _)| from != to)
            .collect();
        // An output in another carried buffer would be overwritten before it is moved: set all aside first.
        let crossed = moved.iter().any(|(from, ..)| carried.contains(from));
        let mut from_slots: Vec<SlotId> = moved.iter().map(|m| m.0).collect();
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
        // Outer values that a layer reads live through all layers, and so do the carried values.
        let outside = node.operands.iter().map(|o| places[&o.value]);
        for slot in outside.chain(carried.iter().copied()).chain(from_slots) {
            self.slots[slot].last = self.slots[slot].last.max(end);
        }
        for (result, slot) in node.results.iter().zip(carried) {
            places.insert(result.value, slot);
        }
        steps.push(Step::Layers { id: counter, count, body });
    }
}
