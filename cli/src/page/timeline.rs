//! What a plan is over its moments: what runs, for how long and beside which buffers; sub-modules with their shares.

use crease_core::entity::PrimaryMap;
use crease_core::kernel::{Kernel, RowOp};
use crease_core::plan::{ALIGNMENT, Base, Naive, Plan, SlotId, SlotKind};

use super::names::Modules;

/// A plan moment by moment.
pub(crate) struct Timeline<'a> {
    pub(crate) plan: &'a Plan,
    /// The program as written; weights are not counted.
    pub(crate) naive: &'a Naive,
    pub(crate) moments: Vec<Moment>,
    /// The moments at which each buffer is written, and as which of the moment's results.
    pub(super) writers: PrimaryMap<SlotId, Vec<(u64, usize)>>,
    /// Sub-modules in the order they run.
    pub(crate) modules: Vec<Module>,
}

/// One operation of a plan, over all turns of the loops around it.
pub(crate) struct Moment {
    pub(crate) operation: String,
    /// Which of the sub-modules.
    pub(crate) module: usize,
    pub(crate) kind: Kind,
    /// Predicted nanoseconds.
    pub(crate) time: u64,
    /// Bytes of the buffer it writes to.
    pub(crate) result: u64,
    /// Bytes alive, by kind of buffer in the order of [`SLOT_KINDS`].
    pub(crate) live: [u64; 4],
}

/// A sub-module's time.
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) time: u64,
    /// By kind of kernel, in the order of [`Kind::ALL`].
    pub(crate) by_kind: [u64; Kind::ALL.len()],
    /// Bytes alive at its fullest moment, weights included.
    pub(crate) peak: u64,
}

/// Kinds of buffers in the order people ask for them.
pub(super) const SLOT_KINDS: [(SlotKind, &str); 4] = [
    (SlotKind::Input, "inputs"),
    (SlotKind::Output, "outputs"),
    (SlotKind::Temporary, "activations"),
    (SlotKind::Scratch, "scratch"),
];

/// The place of a kind in [`SLOT_KINDS`].
pub(super) fn slot_kind(kind: SlotKind) -> usize {
    SLOT_KINDS.iter().position(|(known, _)| *known == kind).expect("every kind is listed")
}

/// What a kernel does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Contract,
    Attend,
    Pointwise,
    Softmax,
    Normalize,
    Reduce,
    Copy,
}

impl Kind {
    pub(crate) const ALL: [Kind; 7] =
        [Kind::Contract, Kind::Attend, Kind::Pointwise, Kind::Softmax, Kind::Normalize, Kind::Reduce, Kind::Copy];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Contract => "contract",
            Kind::Attend => "attend",
            Kind::Pointwise => "pointwise",
            Kind::Softmax => "softmax",
            Kind::Normalize => "normalize",
            Kind::Reduce => "reduce",
            Kind::Copy => "copy",
        }
    }

    fn of(kernel: &Kernel) -> Kind {
        match kernel {
            Kernel::Contract(_) => Kind::Contract,
            Kernel::Attend(_) => Kind::Attend,
            Kernel::Nest(nest) => match &nest.row {
                Some(row) => match row.op {
                    RowOp::Softmax => Kind::Softmax,
                    RowOp::Normalize { .. } => Kind::Normalize,
                    RowOp::Sum | RowOp::Max => Kind::Reduce,
                },
                // A single instruction moves numbers or sets them.
                None if nest.after.0.len() <= 1 => Kind::Copy,
                None => Kind::Pointwise,
            },
        }
    }
}

impl<'a> Timeline<'a> {
    /// Of a plan, and of the same program as written.
    pub(crate) fn new(plan: &'a Plan, naive: &'a Naive) -> Timeline<'a> {
        let mut moments = vec![None; plan.times.len()];
        let mut writers = vec![Vec::new(); plan.slots.len()].into();
        calls(plan, &mut moments, &mut writers);
        let mut moments: Vec<Moment> = moments
            .into_iter()
            .zip(&plan.times)
            .map(|(known, time)| {
                let (operation, kind, result) = known.unwrap_or((String::new(), Kind::Copy, 0));
                Moment { operation, module: 0, kind, time: *time, result, live: [0; 4] }
            })
            .collect();
        let operations: Vec<&str> = moments.iter().map(|m| m.operation.as_str()).collect();
        let Modules { names, of } = Modules::of(&plan.name, &operations);
        moments.iter_mut().zip(of).for_each(|(moment, module)| moment.module = module);
        for slot in plan.slots.values() {
            let bytes = slot.bytes.next_multiple_of(ALIGNMENT);
            for moment in moments.iter_mut().take(slot.last as usize + 1).skip(slot.first as usize) {
                moment.live[slot_kind(slot.kind)] += bytes;
            }
        }
        let mut modules: Vec<Module> = names.into_iter().map(Module::new).collect();
        for moment in &moments {
            modules[moment.module].add(moment, plan.memory.weights);
        }
        Timeline { plan, naive, moments, writers, modules }
    }

    /// Bytes that the program would hold as written, weights included.
    pub(crate) fn naive_peak(&self) -> u64 {
        self.naive.peak() + self.plan.memory.weights
    }

    /// Time by kind of kernel.
    pub(crate) fn kinds(&self) -> [u64; Kind::ALL.len()] {
        let mut kinds = [0; Kind::ALL.len()];
        for module in &self.modules {
            kinds.iter_mut().zip(module.by_kind).for_each(|(sum, time)| *sum += time);
        }
        kinds
    }

    /// The sub-module that takes the most time.
    pub(crate) fn slowest(&self) -> Option<&Module> {
        self.modules.iter().rev().max_by_key(|module| module.time)
    }
}

impl Module {
    fn new(name: String) -> Module {
        Module { name, time: 0, by_kind: [0; Kind::ALL.len()], peak: 0 }
    }

    fn add(&mut self, moment: &Moment, weights: u64) {
        self.time = self.time.saturating_add(moment.time);
        let kind = &mut self.by_kind[moment.kind as usize];
        *kind = kind.saturating_add(moment.time);
        self.peak = self.peak.max(weights + moment.live.iter().sum::<u64>());
    }
}

/// Name, kind of kernel and bytes of the results, at each moment.
type Known = Option<(String, Kind, u64)>;

fn calls(plan: &Plan, moments: &mut [Known], writers: &mut PrimaryMap<SlotId, Vec<(u64, usize)>>) {
    for (call, _) in plan.calls() {
        let mut bytes = 0;
        for (part, result) in call.results.iter().enumerate() {
            let Base::Slot(slot) = result.base else { continue };
            if writers[slot].last() != Some(&(call.moment, part)) {
                writers[slot].push((call.moment, part));
            }
            bytes += plan.slots[slot].bytes;
        }
        // What runs at one moment is one operation; its first kernel does the work.
        if let Some(moment @ None) = moments.get_mut(call.moment as usize) {
            *moment = Some((call.origin.clone(), Kind::of(&plan.kernels[call.kernel]), bytes));
        }
    }
}
