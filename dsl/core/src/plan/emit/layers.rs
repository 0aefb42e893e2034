//! Loops over layers: what is carried from one to the next, and copies.

use std::collections::BTreeMap;

use super::{Emitter, Places};
use crate::ir::{Expr, Node, Repeat};
use crate::kernel::{Kernel, Nest};
use crate::plan::search::{Path, Search, carried_copy};
use crate::plan::{Base, Call, Length, LoopId, Place, SlotKind, Step};

/// A loop over layers being emitted.
pub(super) struct Layer<'a> {
    pub(super) node: &'a Node,
    pub(super) repeat: &'a Repeat,
    pub(super) count: u64,
    pub(super) stays: &'a [bool],
    pub(super) inner: &'a Search,
    pub(super) path: &'a Path,
}

impl Emitter {
    pub(super) fn layers(
        &mut self,
        layer: &Layer<'_>,
        places: &mut Places,
        layers: &[(LoopId, u64)],
        steps: &mut Vec<Step>,
    ) {
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
        // A moment stands for all layers.
        self.times[first..].iter_mut().for_each(|time| *time = time.saturating_mul(count));
        let moved: Vec<(usize, usize, u64)> = repeat
            .body
            .outputs
            .iter()
            .zip(&carried)
            .map(|(port, &to)| (inside[&port.value], to, inner.bound.elements(port.value)))
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
        let outside = node.operands.iter().map(|o| places[&o.value]);
        for slot in outside.chain(carried.iter().copied()).chain(from_slots) {
            self.slots[slot].last = self.slots[slot].last.max(end);
        }
        for (result, slot) in node.results.iter().zip(carried) {
            places.insert(result.value, slot);
        }
        steps.push(Step::Layers { id: counter, count, body });
    }

    /// One copy of dense elements.
    fn copy(&mut self, elements: u64, from: usize, to: usize, name: &str, steps: &mut Vec<Step>) {
        let step = self.copying(elements, Base::Slot(from), to, name);
        steps.push(step);
        for slot in [from, to] {
            self.slots[slot].last = self.slots[slot].last.max(self.moment);
        }
        self.tick(&format!("copy of {name}"), 0);
    }

    /// A copy of dense elements to a slot, at this moment.
    pub(super) fn copying(&mut self, elements: u64, from: Base, to: usize, name: &str) -> Step {
        let nest = Nest {
            indices: 1,
            loads: vec![vec![1].into()],
            gathers: vec![None],
            store: vec![1].into(),
            before: Expr::default(),
            row: None,
            after: Expr::load(0),
        };
        let place = |base| Place { base, offset: 0, moves: vec![] };
        Step::Call(Call {
            kernel: self.kernel(Kernel::Nest(nest)),
            operands: vec![place(from)],
            results: vec![place(Base::Slot(to))],
            lengths: vec![Length::Fixed(elements)],
            scratch: None,
            moment: self.moment,
            origin: format!("copy of {name}"),
        })
    }
}
