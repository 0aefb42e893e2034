//! What there is to tell about a plan: its moments with what runs, for how long and beside which buffers;
//! sub-modules and kernels with their shares; the ways that were not taken; other budgets.

use crease_core::ir::Sizes;
use crease_core::kernel::{Kernel, RowOp};
use crease_core::plan::{Base, Choice, CurvePoint, Naive, Plan, PlanError, Planner, SlotKind, Step};

use super::names::Modules;

/// Everything about a plan that a person may ask.
pub(in crate::cli) struct Story<'a> {
    pub(super) plan: &'a Plan,
    /// The sizes of its axes.
    pub(super) axes: &'a Sizes,
    /// The plan with the smallest peak.
    pub(super) leanest: &'a Plan,
    /// Bytes that no plan can do without.
    pub(super) least: u64,
    /// The program as written; weights are not counted.
    pub(super) naive: &'a Naive,
    pub(super) moments: Vec<Moment>,
    /// The moments at which each buffer is written, and as which of the moment's results.
    pub(super) writers: Vec<Vec<(u64, usize)>>,
    /// Sub-modules in the order they run.
    pub(super) modules: Vec<Module>,
    pub(super) pieces: Vec<Piece>,
    pub(super) curve: Vec<CurvePoint>,
}

/// One operation of a plan, over all turns of the loops around it.
pub(super) struct Moment {
    pub(super) operation: String,
    /// Which of the sub-modules.
    pub(super) module: usize,
    pub(super) kind: Kind,
    /// Predicted nanoseconds.
    pub(super) time: u64,
    /// Bytes of the buffer it writes to.
    pub(super) result: u64,
    /// Bytes alive, by kind of buffer in the order of [`SLOT_KINDS`].
    pub(super) live: [u64; 4],
}

/// A sub-module's time.
pub(super) struct Module {
    pub(super) name: String,
    pub(super) time: u64,
    /// By kind of kernel, in the order of [`Kind::ALL`].
    pub(super) by_kind: [u64; Kind::ALL.len()],
    /// Bytes alive at its fullest moment, weights included.
    pub(super) peak: u64,
}

/// A piece of the program that was planned by itself.
pub(super) struct Piece {
    pub(super) name: String,
    pub(super) choice: Choice,
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
pub(super) enum Kind {
    Contract,
    Attend,
    Pointwise,
    Softmax,
    Normalize,
    Reduce,
    Copy,
}

impl Kind {
    pub(super) const ALL: [Kind; 7] =
        [Kind::Contract, Kind::Attend, Kind::Pointwise, Kind::Softmax, Kind::Normalize, Kind::Reduce, Kind::Copy];

    pub(super) fn name(self) -> &'static str {
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

impl<'a> Story<'a> {
    /// The story of a plan of a planner.
    pub(in crate::cli) fn new(
        planner: &'a Planner,
        plan: &'a Plan,
        axes: &'a Sizes,
        naive: &'a Naive,
    ) -> Result<Story<'a>, PlanError> {
        let mut moments = vec![None; plan.times.len()];
        let mut writers = vec![Vec::new(); plan.slots.len()];
        calls(plan, &plan.steps, &mut moments, &mut writers);
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
        for slot in &plan.slots {
            let bytes = slot.bytes.next_multiple_of(crease_core::plan::ALIGNMENT);
            for moment in moments.iter_mut().take(slot.last as usize + 1).skip(slot.first as usize) {
                moment.live[slot_kind(slot.kind)] += bytes;
            }
        }
        let mut modules: Vec<Module> = names.into_iter().map(Module::new).collect();
        for moment in &moments {
            modules[moment.module].add(moment, plan.memory.weights);
        }
        let choices = planner.choices(plan).into_iter();
        let pieces = choices.map(|choice| Piece { name: piece_name(&choice, &moments, &modules), choice }).collect();
        let (leanest, least, curve) = (planner.leanest(), planner.lower_bound(), planner.curve()?);
        Ok(Story { plan, axes, leanest, least, naive, moments, writers, modules, pieces, curve })
    }

    /// Bytes that the program would hold as written, weights included.
    pub(super) fn naive_peak(&self) -> u64 {
        self.naive.peak() + self.plan.memory.weights
    }

    /// Time by kind of kernel.
    pub(super) fn kinds(&self) -> [u64; Kind::ALL.len()] {
        let mut kinds = [0; Kind::ALL.len()];
        for module in &self.modules {
            kinds.iter_mut().zip(module.by_kind).for_each(|(sum, time)| *sum += time);
        }
        kinds
    }

    /// The sub-module that takes the most time.
    pub(super) fn slowest(&self) -> Option<&Module> {
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

fn calls(plan: &Plan, steps: &[Step], moments: &mut [Known], writers: &mut [Vec<(u64, usize)>]) {
    for step in steps {
        match step {
            Step::Chunk { body, .. } | Step::Layers { body, .. } => calls(plan, body, moments, writers),
            Step::Call(call) => {
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
    }
}

/// A piece is called after the sub-modules that it runs.
fn piece_name(choice: &Choice, moments: &[Moment], modules: &[Module]) -> String {
    let mut names: Vec<usize> =
        moments[choice.first as usize..=choice.last as usize].iter().map(|m| m.module).collect();
    names.dedup();
    match names[..] {
        [] => String::new(),
        [one] => modules[one].name.clone(),
        [first, .., last] => format!("{} … {}", modules[first].name, modules[last].name),
    }
}
