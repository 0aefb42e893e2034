//! The Evoformer block at a size, planned.

use std::collections::BTreeMap;
use std::rc::Rc;

use crease_cli::terminal::CliError;
use crease_core::ir::{Graph, Sizes};
use crease_core::lang::{Options, Settings};
use crease_core::plan::{Plan, PlanError, Planner, Target, naive_peak};

/// Sequences and residues.
pub(crate) type Size = (u64, u64);

/// A model's graph and the sizes of everything in it.
pub(crate) struct Program {
    pub(crate) graph: Graph,
    pub(crate) sizes: Sizes,
}

impl Program {
    /// A model of the registry's Evoformers.
    pub(crate) fn new(model: &crease_core::lang::Model, (s, r): Size) -> Result<Program, CliError> {
        Program::of(model, &Settings::new(), &[("S", s), ("R", r)])
    }

    /// Any model under settings, its axes so long.
    pub(crate) fn of(
        model: &crease_core::lang::Model,
        settings: &Settings,
        axes: &[(&str, u64)],
    ) -> Result<Program, CliError> {
        let elaborated = model.elaborate(settings, &Options::default())?;
        let mut sizes = elaborated.sizes.clone();
        sizes.extend(axes.iter().map(|(name, length)| ((*name).to_string(), *length)));
        Ok(Program { graph: elaborated.graph, sizes })
    }
}

/// A block with its planner. Peaks are state peaks: the arena, weights not counted.
pub(crate) struct Block {
    pub(crate) program: Program,
    pub(crate) planner: Planner,
    /// The fastest plan.
    pub(crate) fastest: Plan,
    /// The smallest peak met.
    pub(crate) least: u64,
    /// The naive program's peak.
    pub(crate) naive: u64,
    /// Bytes of m and z.
    pub(crate) state: u64,
    pub(crate) weights: u64,
}

impl Block {
    fn new(size: Size, target: &Target) -> Result<Block, CliError> {
        let program = Program::new(&crease_models::evoformer::evoformer::evoformer_block(), size)?;
        let planner = Planner::new(&program.graph, &program.sizes, target)?;
        let fastest = planner.plan(None)?;
        let naive = naive_peak(&program.graph, &program.sizes)?;
        let mut state = 0;
        for port in program.graph.inputs.iter().filter(|p| p.name == "m" || p.name == "z") {
            state += 4 * program.graph.shape(port.value, &program.sizes)?.iter().product::<u64>();
        }
        let (least, weights) = (planner.leanest().memory.arena, fastest.memory.weights);
        Ok(Block { program, planner, fastest, least, naive, state, weights })
    }

    /// The plan within a state peak.
    pub(crate) fn within(&self, peak: u64) -> Result<Plan, PlanError> {
        self.planner.plan(Some(self.weights + peak))
    }

    /// The smallest peak and a part, in thousandths, of what the fastest plan takes more.
    pub(crate) fn between(&self, thousandths: u64) -> u64 {
        let most = self.fastest.memory.arena;
        self.least + most.saturating_sub(self.least) * thousandths / 1000
    }
}

/// Blocks by size, each planned once.
pub(crate) struct Blocks {
    pub(crate) target: Target,
    made: BTreeMap<Size, Rc<Block>>,
}

impl Blocks {
    pub(crate) fn new(target: Target) -> Blocks {
        Blocks { target, made: BTreeMap::new() }
    }

    pub(crate) fn at(&mut self, size: Size) -> Result<Rc<Block>, CliError> {
        if let Some(known) = self.made.get(&size) {
            return Ok(Rc::clone(known));
        }
        let block = Rc::new(Block::new(size, &self.target)?);
        self.made.insert(size, Rc::clone(&block));
        Ok(block)
    }
}
