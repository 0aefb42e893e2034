//! The planner: a graph, sizes and a budget become a [`Plan`], or the reason there is none.
//!
//! A plan is the whole truth about a run before it starts: every step in order, every buffer's
//! address, the peak to the byte. Limits are counts, costs are integers: the same input gives the
//! same plan on every machine.

mod bound;
mod check;
mod choice;
mod cost;
mod curve;
mod emit;
mod explored;
mod join;
mod layout;
mod life;
mod lower;
mod naive;
mod order;
mod param;
mod piece;
mod region;
#[doc(hidden)]
pub mod rivals;
mod schedule;
mod search;
mod segment;
mod stretch;
mod table;
mod target;
mod text;
mod tree;
mod work;

use std::rc::Rc;

use serde::{Deserialize, Serialize};

pub use check::check_plan;
pub use choice::{Choice, Way, WayLoop};
pub use curve::CurvePoint;
pub use explored::Explored;
pub use naive::{Naive, NaiveValue, naive, naive_peak};
pub use param::PlanParam;
pub use table::{Table, TableError};
pub use target::{InstructionSet, Target};

use search::Weights;

use crate::ir::{ExtentError, Graph, Sizes, SpecError};
use crate::kernel::Kernel;
use crate::units::format_bytes;

/// Every buffer starts at a multiple of this many bytes.
pub const ALIGNMENT: u64 = 64;

/// Everything about a run, before it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The program.
    pub name: String,
    /// The sizes it is planned for.
    pub sizes: Sizes,
    /// The bytes it may hold, if limited.
    pub budget: Option<u64>,
    /// The machine it is planned for.
    pub target: Target,
    /// Every buffer of the arena.
    pub slots: Vec<Slot>,
    /// What the caller gives, and where it goes.
    pub inputs: Vec<PlanPort>,
    /// What the caller gets, and where it stands at the end.
    pub outputs: Vec<PlanPort>,
    /// Weights, held outside the arena.
    pub params: Vec<PlanParam>,
    /// The distinct kernels that steps call.
    pub kernels: Vec<Kernel>,
    /// How many loops (chunks and layers) there are; each has its own counter.
    pub loops: usize,
    /// What runs, in order.
    pub steps: Vec<Step>,
    /// The memory it uses.
    pub memory: Memory,
    /// Predicted time in nanoseconds: a model, not a promise.
    pub time: u64,
    /// Of it, the nanoseconds of each moment, over all turns of the loops around it.
    pub times: Vec<u64>,
    /// The pieces it was planned in, in order.
    pub pieces: Vec<PlanPiece>,
}

/// A piece of a plan: where it stands and which way to run it was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPiece {
    /// Its number among the parts of the program and the number of the chosen way, then of the layer's parts if
    /// it stands in a layer. [`Planner::choices`] reads it.
    pub chosen: Vec<(usize, usize)>,
    /// Its first moment.
    pub first: u64,
    /// Its last moment.
    pub last: u64,
}

/// A buffer of the arena.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The value it first holds.
    pub name: String,
    /// What it is for.
    pub kind: SlotKind,
    /// Bytes from the arena's start.
    pub offset: u64,
    /// Bytes.
    pub bytes: u64,
    /// First moment it is alive; moments count kernel calls in program order, loop bodies once.
    pub first: u64,
    /// Last moment it is alive.
    pub last: u64,
}

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SlotKind {
    /// Given by the caller; reused once read.
    Input,
    /// Given to the caller.
    Output,
    /// A value between steps.
    Temporary,
    /// Working memory of one kernel call, for all threads.
    Scratch,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPort {
    /// The outside's name.
    pub name: String,
    /// Extents.
    pub shape: Vec<u64>,
    /// Where it stands, dense and row-major.
    pub slot: usize,
}

/// A loop's counter.
pub type LoopId = usize;

/// Something that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// One kernel call.
    Call(Call),
    /// A chunk loop: `body` for positions `0, chunk, 2·chunk, …` below `total`, the last one shorter.
    Chunk {
        /// Its counter: the current position.
        id: LoopId,
        /// The index's extent.
        total: u64,
        /// Positions a turn.
        chunk: u64,
        /// What is split, for people.
        label: String,
        /// The turn.
        body: Vec<Step>,
    },
    /// A loop over layers: `body` for layers `0..count`.
    Layers {
        /// Its counter: the current layer.
        id: LoopId,
        /// How many.
        count: u64,
        /// One layer.
        body: Vec<Step>,
    },
}

/// A kernel applied to buffers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Which of [`Plan::kernels`].
    pub kernel: usize,
    /// What is read, in the kernel's order.
    pub operands: Vec<Place>,
    /// What is written: several where contractions of one operand are one call.
    pub results: Vec<Place>,
    /// The extent of each kernel index.
    pub lengths: Vec<Length>,
    /// The buffer for working memory, if the kernel needs one.
    pub scratch: Option<usize>,
    /// When it runs: slots are alive or not by this count.
    pub moment: u64,
    /// Where it comes from in the source.
    pub origin: String,
}

/// The first element of an operand or result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The buffer or weight.
    pub base: Base,
    /// Elements from its start.
    pub offset: u64,
    /// Elements that each unit of a loop's counter adds.
    pub moves: Vec<(LoopId, u64)>,
}

/// What a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Base {
    /// A buffer of the arena.
    Slot(usize),
    /// A weight (of the current layer).
    Param(usize),
}

/// The extent of a kernel index in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Length {
    /// Always the same.
    Fixed(u64),
    /// The current turn's share of a chunk loop; the index starts at the loop's position.
    Chunk(LoopId),
}

/// The memory of a plan, in bytes. `total()` is what a budget limits.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Weights held.
    pub weights: u64,
    /// The arena: everything else, at its exact height.
    pub arena: u64,
    /// Inputs alive at the fullest moment.
    pub inputs: u64,
    /// Outputs alive at the fullest moment.
    pub outputs: u64,
    /// Values between steps alive at the fullest moment.
    pub temporaries: u64,
    /// Kernel scratch alive at the fullest moment, all threads.
    pub scratch: u64,
    /// The fullest moment.
    pub moment: u64,
    /// The operation that runs then.
    pub operation: String,
}

impl Memory {
    /// Weights and arena: the peak.
    pub fn total(&self) -> u64 {
        self.weights + self.arena
    }

    /// Bytes of the arena that no buffer uses at the fullest moment.
    pub fn gaps(&self) -> u64 {
        self.arena - self.inputs - self.outputs - self.temporaries - self.scratch
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A size is missing or out of range.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// A slice that ends beyond its axis.
    #[error("`{origin}` takes {from}..{end} of an axis of {size}")]
    Slice {
        /// The operation.
        origin: String,
        /// First position.
        from: u64,
        /// One after the last position.
        end: u64,
        /// Extent of the axis.
        size: u64,
    },
    /// A tensor of more bytes than can be counted.
    #[error("`{name}` would have {elements} elements, more than this machine can address")]
    TooLarge {
        /// The value.
        name: String,
        /// Its elements.
        elements: String,
    },
    /// The budget cannot be met.
    #[error(
        "`{name}` does not fit {}: it needs at least {} ({smallest} bytes), bound by `{operation}`",
        format_bytes(*.budget), format_bytes(*.smallest)
    )]
    Budget {
        /// The program.
        name: String,
        /// The budget, bytes.
        budget: u64,
        /// The smallest budget this planner meets, bytes.
        smallest: u64,
        /// The operation that runs at the fullest moment of the leanest plan.
        operation: String,
    },
    /// The graph breaks the law: a bug.
    #[error("the graph is malformed, which is a bug: {0}")]
    Spec(#[from] SpecError),
}

/// What a plan is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// A size for every symbol.
    pub sizes: &'a Sizes,
    /// The bytes a run may hold: inputs, outputs, arena and weights; none for the fastest plan.
    pub budget: Option<u64>,
    /// The machine.
    pub target: &'a Target,
}

/// A graph made ready for planning at given sizes: every budget can be asked of it.
pub struct Planner {
    search: search::Search,
    name: String,
    target: Target,
    sizes: Sizes,
    /// With the weights of layers held, and streamed.
    leanest: [std::cell::OnceCell<Plan>; 2],
    /// Whether weights are in a file that they can be read from again.
    in_file: bool,
}

impl Planner {
    /// Explores the forms of a graph at given sizes.
    ///
    /// # Errors
    /// A missing or overflowing size, or a malformed graph.
    pub fn new(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Planner, PlanError> {
        crate::ir::check_graph(graph)?;
        let mut fused = crate::fuse::fuse(graph);
        crate::fuse::narrow(&mut fused, &|extent| extent.eval(sizes).unwrap_or(u64::MAX));
        crate::ir::check_graph(&fused)?;
        let stays = vec![false; fused.values.len()];
        let mut search = search::Search::new(&fused, sizes, &Rc::new(target.clone()), &stays)?;
        while search.nest() {}
        search.settle();
        let (name, target, sizes) = (graph.name.clone(), target.clone(), sizes.clone());
        Ok(Planner { search, name, target, sizes, leanest: Default::default(), in_file: true })
    }

    /// For weights that are in no file: they are in memory anyway, so plans count them all as held.
    #[must_use]
    pub fn holding_weights(self) -> Planner {
        Planner { in_file: false, ..self }
    }

    fn can_stream(&self) -> bool {
        self.in_file && self.search.can_stream()
    }

    /// The fastest plan found inside a budget, or the leanest that is about as fast as without one: to a hundredth, as
    /// predicted. Its time never rises with the budget.
    ///
    /// # Errors
    /// The smallest budget that can be met, and the operation that binds it.
    pub fn plan(&self, budget: Option<u64>) -> Result<Plan, PlanError> {
        let Some(limit) = budget else {
            let most = self.search.limits(Weights::Held).last().copied();
            let path = self.search.best(most.unwrap_or(u64::MAX), Weights::Held);
            return Ok(self.emit(&path.expect("something always runs"), budget));
        };
        let leanest = self.leanest();
        if leanest.memory.total() > limit {
            return Err(PlanError::Budget {
                name: self.name.clone(),
                budget: limit,
                smallest: leanest.memory.total(),
                operation: leanest.memory.operation.clone(),
            });
        }
        let held = self.plan_with(Weights::Held, limit);
        let streamed = if self.can_stream() { self.plan_with(Weights::Streamed, limit) } else { None };
        let fastest = held.into_iter().chain(streamed).min_by_key(|plan| plan.time);
        Ok(Plan { budget, ..fastest.expect("the leanest plan is inside the budget") })
    }

    /// The same with the weights of layers held or streamed.
    fn plan_with(&self, weights: Weights, limit: u64) -> Option<Plan> {
        let leanest = self.leanest_with(weights);
        let arena = limit.checked_sub(leanest.memory.weights).filter(|arena| leanest.memory.arena <= *arena)?;
        // The search counts live bytes; the layout may need a little more. The limits asked of the search do
        // not depend on the budget, so what fits a budget fits every larger one.
        for limit in self.search.limits(weights).into_iter().rev().filter(|limit| *limit <= arena) {
            let Some(path) = self.search.best(limit, weights) else { break };
            if path.time >= leanest.time {
                break;
            }
            let plan = self.emit(&path, Some(limit));
            if plan.memory.arena <= arena {
                return Some(plan);
            }
        }
        Some(leanest.clone())
    }

    /// The plan with the smallest peak met.
    pub fn leanest(&self) -> &Plan {
        let held = self.leanest_with(Weights::Held);
        if !self.can_stream() {
            return held;
        }
        let streamed = self.leanest_with(Weights::Streamed);
        if streamed.memory.total() < held.memory.total() { streamed } else { held }
    }

    fn leanest_with(&self, weights: Weights) -> &Plan {
        self.leanest[usize::from(weights == Weights::Streamed)].get_or_init(|| {
            // Few live bytes do not always pack lowest: the best layout of those near the smallest, and of
            // the whole front where programs are small.
            let smallest = self.search.smallest(weights);
            let near = (0..8).filter_map(|k| self.search.best(smallest + smallest / 200 * k, weights)).map(Rc::new);
            let mut paths: Vec<Rc<search::Path>> = near.chain(self.search.front(weights)).collect();
            paths.sort_by_key(|path| (path.peak, path.time));
            let mut best: Option<Plan> = None;
            for path in paths {
                // No layout is lower than what lives at once.
                if best.as_ref().is_some_and(|plan| path.peak > plan.memory.arena) {
                    break;
                }
                let plan = self.emit(&path, None);
                let key = |p: &Plan| (p.memory.arena, p.time);
                if best.as_ref().is_none_or(|other| key(&plan) < key(other)) {
                    best = Some(plan);
                }
            }
            best.expect("something always runs")
        })
    }

    /// Bytes that no run can do without, whatever its plan: the weights that are not streamed, and all inputs (which are whole
    /// at the start) or all outputs (which are whole at the end).
    pub fn lower_bound(&self) -> u64 {
        let bound = &self.search.bound;
        let whole = |ports: &[crate::ir::Port]| ports.iter().map(|p| bound.bytes(p.value)).sum::<u64>();
        self.leanest().memory.weights + whole(&bound.graph.inputs).max(whole(&bound.graph.outputs))
    }

    fn emit(&self, path: &search::Path, budget: Option<u64>) -> Plan {
        emit::emit(&self.search, path, &self.name, &self.sizes, &self.target, budget)
    }
}

/// Plans a graph.
///
/// # Errors
/// See [`PlanError`].
pub fn plan(graph: &Graph, request: &Request<'_>) -> Result<Plan, PlanError> {
    Planner::new(graph, request.sizes, request.target)?.plan(request.budget)
}
