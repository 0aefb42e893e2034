//! The state of emission: buffers, weights, kernels, loops and moments so far.

use std::collections::BTreeMap;

use cranelift_entity::{EntityRef, PrimaryMap};

use crate::ir::ValueId;
use crate::kernel::{Kernel, Nest};
use crate::plan::data::{
    Base, Call, KernelId, Length, LoopId, ParamId, Place, PlanParam, PlanPiece, Slot, SlotId, SlotKind, Step,
};

#[derive(Default)]
pub(super) struct Emitter {
    pub slots: PrimaryMap<SlotId, Slot>,
    pub params: PrimaryMap<ParamId, PlanParam>,
    pub kernels: PrimaryMap<KernelId, Kernel>,
    pub loops: usize,
    pub moment: u64,
    /// Whether the weights of the layers being emitted are streamed, and the nanoseconds that a layer takes.
    pub streams: bool,
    pub loading: u64,
    /// What runs at each moment.
    pub origins: Vec<String>,
    /// Nanoseconds of each moment.
    pub times: Vec<u64>,
    pub pieces: Vec<PlanPiece>,
}

/// The slot of each root.
pub(super) type Places = BTreeMap<ValueId, SlotId>;

impl Emitter {
    pub(super) fn slot(&mut self, name: &str, kind: SlotKind, bytes: u64, first: u64, last: u64) -> SlotId {
        self.slots.push(Slot { name: name.to_string(), kind, offset: 0, bytes, first, last })
    }

    pub(super) fn new_loop(&mut self) -> LoopId {
        self.loops += 1;
        LoopId::new(self.loops - 1)
    }

    pub(super) fn kernel(&mut self, kernel: Kernel) -> KernelId {
        let known = self.kernels.iter().find(|(_, known)| **known == kernel);
        known.map(|(id, _)| id).unwrap_or_else(|| self.kernels.push(kernel))
    }

    pub(super) fn tick(&mut self, origin: &str, time: u64) {
        self.moment += 1;
        self.times.push(time);
        self.origins.push(origin.to_string());
    }

    /// One copy of dense elements.
    pub(super) fn copy(&mut self, elements: u64, from: SlotId, to: SlotId, name: &str, steps: &mut Vec<Step>) {
        let step = self.copying(elements, Base::Slot(from), to, name);
        steps.push(step);
        for slot in [from, to] {
            self.slots[slot].last = self.slots[slot].last.max(self.moment);
        }
        self.tick(&format!("copy of {name}"), 0);
    }

    /// A copy of dense elements to a slot, at this moment.
    pub(super) fn copying(&mut self, elements: u64, from: Base, to: SlotId, name: &str) -> Step {
        let place = |base| Place { base, offset: 0, moves: vec![] };
        Step::Call(Call {
            kernel: self.kernel(Kernel::Nest(Nest::copy())),
            operands: vec![place(from)],
            results: vec![place(Base::Slot(to))],
            lengths: vec![Length::Fixed(elements)],
            scratch: None,
            moment: self.moment,
            origin: format!("copy of {name}"),
        })
    }
}
