//! Executes a plan: resolves addresses once, then walks the steps.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crease_core::entity::PrimaryMap;
use crease_core::kernel::{Contract, Strides};
use crease_core::plan::{
    Base, Call, Checked, KernelId, Length, LoopId, ParamId, Place, Plan, PlanPort, SlotId, SlotKind, Step,
};
use smallvec::SmallVec;

use crate::arena::Arena;
use crate::backend::{Backend, Operands};
use crate::error::RunError;
use crate::weights::{self, PlanWeights, Weights};

/// What a run checks beyond running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Fill every buffer with NaN when its life begins, so that stale memory shows in results.
    pub poison: bool,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Layers of the outermost layer loop that are done.
    pub layers_done: u64,
    /// How many it has.
    pub layers: u64,
}

/// Something that happened in a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'e> {
    /// A layer of the outermost layer loop is done.
    Layer(Progress),
    /// A kernel call is done.
    Call {
        /// The call.
        call: &'e Call,
        /// The extent of each of its indices this time.
        lengths: &'e [u64],
        /// Where each of them starts in its full range.
        starts: &'e [u64],
        /// When it began.
        began: Instant,
        /// How long it took.
        took: Duration,
    },
}

/// Bytes of an element of some operands.
type Widths = SmallVec<[u8; 8]>;

/// A plan with memory, kernels and weights: ready to run, any number of times.
pub struct Executable<'a, B: Backend> {
    plan: &'a Checked<Plan>,
    backend: &'a B,
    arena: Arena,
    kernels: PrimaryMap<KernelId, B::Prepared>,
    /// Bytes of an element of each operand and result of each kernel.
    widths: PrimaryMap<KernelId, [Widths; 2]>,
    weights: PlanWeights<'a>,
    /// Counters of the loops.
    counters: PrimaryMap<LoopId, u64>,
    /// For each chunk loop, its current turn's size.
    turns: PrimaryMap<LoopId, u64>,
    /// The moment of the last call.
    moment: Option<u64>,
    checks: Checks,
    /// Slots by the moment their life begins.
    births: BTreeMap<u64, Vec<SlotId>>,
}

impl<'a, B: Backend> Executable<'a, B> {
    /// Allocates the arena, builds the kernels and finds the weights.
    ///
    /// # Errors
    /// A plan for another machine, a refused allocation, a missing or misshapen weight, or one that the plan streams
    /// though it is held in memory.
    pub fn new(
        plan: &'a Checked<Plan>,
        weights: &'a Weights,
        backend: &'a B,
        checks: Checks,
    ) -> Result<Self, RunError> {
        let planned = [plan.target.threads, plan.target.contract_scratch];
        let needed = [backend.threads(), backend.contract_scratch()];
        if needed[0] > planned[0] || needed[1] > planned[1] {
            return Err(RunError::Target { planned, needed });
        }
        weights::only_copied(plan, &plan.steps)?;
        let weights = PlanWeights::new(plan, weights)?;
        let kernels = plan.kernels.values().map(|k| backend.prepare(k)).collect::<Result<_, _>>()?;
        let width = |s: &Strides| s.format.bytes() as u8;
        let widths = |all: Vec<&Strides>| all.into_iter().map(width).collect::<Widths>();
        let widths = plan.kernels.values().map(|k| [widths(k.operands()), widths(k.results())]).collect();
        // A plan for a larger address space asks for more than any arena has.
        let arena = Arena::new(usize::try_from(plan.memory.arena).unwrap_or(usize::MAX))?;
        let mut births: BTreeMap<u64, Vec<SlotId>> = BTreeMap::new();
        for (k, slot) in plan.slots.iter().filter(|(_, s)| s.kind != SlotKind::Input) {
            births.entry(slot.first).or_default().push(k);
        }
        let (counters, turns) = (vec![0; plan.loops].into(), vec![0; plan.loops].into());
        let moment = None;
        let mut executable =
            Executable { plan, backend, arena, kernels, widths, weights, counters, turns, moment, checks, births };
        if checks.poison {
            executable.arena.poison(0, executable.arena.len())?;
        }
        Ok(executable)
    }

    /// The plan being run.
    pub fn plan(&self) -> &Plan {
        self.plan
    }

    /// The memory of an input, to be filled before each run (a run reuses it).
    ///
    /// # Errors
    /// No such input.
    pub fn input(&mut self, name: &str) -> Result<&mut [f32], RunError> {
        let (offset, count) = self.port("input", &self.plan.inputs, name)?;
        Ok(self.arena.slice_f32_mut(offset, count)?)
    }

    /// Fills an input.
    ///
    /// # Errors
    /// No such input, or another number of elements.
    pub fn set_input(&mut self, name: &str, data: &[f32]) -> Result<(), RunError> {
        let plan = self.plan;
        let memory = self.input(name)?;
        if memory.len() != data.len() {
            let shape = plan.inputs.iter().find(|p| p.name == name).map(|p| p.shape.clone()).unwrap_or_default();
            let (name, expected) = (name.to_string(), memory.len() as u64);
            return Err(RunError::Elements { name, expected, shape, found: data.len() });
        }
        memory.copy_from_slice(data);
        Ok(())
    }

    /// An output, after a run.
    ///
    /// # Errors
    /// No such output.
    pub fn output(&self, name: &str) -> Result<&[f32], RunError> {
        let (offset, count) = self.port("output", &self.plan.outputs, name)?;
        Ok(self.arena.slice_f32(offset, count)?)
    }

    fn port(&self, kind: &'static str, ports: &[PlanPort], name: &str) -> Result<(usize, usize), RunError> {
        let port = ports.iter().find(|p| p.name == name).ok_or_else(|| {
            let known = ports.iter().map(|p| format!("`{}`", p.name)).collect::<Vec<_>>().join(", ");
            RunError::NoSuchPort { kind, name: name.to_string(), known }
        })?;
        let count: u64 = port.shape.iter().product();
        Ok((self.plan.slots[port.slot].offset as usize, count as usize))
    }

    /// Runs the plan on the inputs set.
    ///
    /// # Errors
    /// A streamed weight that cannot be read.
    pub fn run(&mut self) -> Result<(), RunError> {
        self.run_with(&mut |_| {})
    }

    /// Runs the plan, telling of each kernel call and each layer of the outermost layer loop when it is done.
    ///
    /// # Errors
    /// See [`Executable::run`].
    pub fn run_with(&mut self, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), RunError> {
        let plan: &'a Plan = self.plan;
        self.steps(&plan.steps, 0, tell)
    }

    /// Bytes of the arena that any run has written, exact if the arena was poisoned.
    pub fn high_water(&self) -> usize {
        self.arena.high_water()
    }

    fn steps(&mut self, steps: &'a [Step], depth: usize, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), RunError> {
        for step in steps {
            match step {
                Step::Call(call) => self.call(call, tell)?,
                Step::Chunk { id, total, chunk, body, .. } => {
                    let mut position = 0;
                    while position < *total {
                        self.counters[*id] = position;
                        self.turns[*id] = (*chunk).min(total - position);
                        self.steps(body, depth + 1, tell)?;
                        position += chunk;
                    }
                    self.counters[*id] = 0;
                }
                Step::Layers { id, count, body } => {
                    for layer in 0..*count {
                        self.counters[*id] = layer;
                        self.steps(body, depth + 1, tell)?;
                        if depth == 0 {
                            tell(Event::Layer(Progress { layers_done: layer + 1, layers: *count }));
                        }
                    }
                    self.counters[*id] = 0;
                }
            }
        }
        Ok(())
    }

    fn call(&mut self, call: &Call, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), RunError> {
        let mut lengths: SmallVec<[u64; 8]> = SmallVec::new();
        let mut starts: SmallVec<[u64; 8]> = SmallVec::new();
        let mut first_turn = true;
        for length in &call.lengths {
            let (length, start) = match length {
                Length::Fixed(n) => (*n, 0),
                Length::Chunk(id) => (self.turns[*id], self.counters[*id]),
            };
            first_turn &= start == 0;
            lengths.push(length);
            starts.push(start);
        }
        // One moment may be several calls: only the first of them finds its buffers newly born.
        let began = self.moment.replace(call.moment) != Some(call.moment);
        if self.checks.poison && first_turn && began {
            self.poison_born(call)?;
        }
        let start = Instant::now();
        match weights::streamed(self.plan, call) {
            Some((param, slot)) => self.stream(param, slot)?,
            None => self.kernel(call, &lengths, &starts),
        }
        tell(Event::Call { call, lengths: &lengths, starts: &starts, began: start, took: start.elapsed() });
        Ok(())
    }

    /// Reads the current layer of a streamed weight to where the plan wants it.
    fn stream(&mut self, param: ParamId, slot: SlotId) -> Result<(), RunError> {
        let elements: u64 = self.plan.params[param].shape.iter().product();
        let offset = self.plan.slots[slot].offset as usize;
        let layer = self.layer(param);
        Ok(self.weights.stream(param, layer, self.arena.slice_f32_mut(offset, elements as usize)?)?)
    }

    #[allow(unsafe_code)] // hands arena addresses to kernels
    fn kernel(&mut self, call: &Call, lengths: &[u64], starts: &[u64]) {
        let [operands, results] = &self.widths[call.kernel];
        let loads = call.operands.iter().zip(operands).map(|(place, width)| self.address(place, *width).cast_const());
        let loads: SmallVec<[*const f32; Contract::OPERANDS]> = loads.collect();
        let stores = call.results.iter().zip(results).map(|(place, width)| self.address(place, *width));
        let stores: SmallVec<[*mut f32; Contract::OPERANDS]> = stores.collect();
        let scratch = call
            .scratch
            .map_or(std::ptr::null_mut(), |slot| self.arena.base().wrapping_add(self.plan.slots[slot].offset as usize));
        let operands = Operands { loads: &loads, stores: &stores, lengths, starts, scratch };
        // SAFETY: a checked plan's places with these strides and lengths stay inside their slots or weights, slots alive
        // together do not overlap, results overlap operands only where the kernel allows it, and working memory
        // suffices for the threads that `new` has compared; `&mut self` keeps everybody else out.
        unsafe { self.backend.call(&self.kernels[call.kernel], &operands) };
    }

    /// Where a place of elements of so many bytes is in this turn.
    fn address(&self, place: &Place, width: u8) -> *mut f32 {
        let moved: u64 = place.moves.iter().map(|(id, stride)| self.counters[*id] * stride).sum();
        let start = match place.base {
            Base::Slot(slot) => self.arena.base().wrapping_add(self.plan.slots[slot].offset as usize),
            Base::Param(param) => self.weights.address(param, self.layer(param)).cast_mut().cast(),
        };
        start.wrapping_add((place.offset + moved) as usize * usize::from(width)).cast()
    }

    /// Which layer of a weight is the current one.
    fn layer(&self, param: ParamId) -> usize {
        let layers = self.plan.params[param].layers.iter();
        layers.fold(0, |at, (id, count)| at * count + self.counters[*id]) as usize
    }

    /// Poisons the buffers whose life begins with this call (before anything is written to them).
    fn poison_born(&mut self, call: &Call) -> Result<(), RunError> {
        let Some(born) = self.births.get(&call.moment) else { return Ok(()) };
        for &k in born {
            let slot = &self.plan.slots[k];
            self.arena.poison(slot.offset as usize, slot.bytes as usize)?;
        }
        Ok(())
    }
}
