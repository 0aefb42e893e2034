//! The Evoformer block at a size, planned.

use std::collections::BTreeMap;
use std::rc::Rc;

use crease_core::ir::{Graph, Sizes};
use crease_core::lang::{Options, Settings};
use crease_core::plan::{Plan, PlanError, Planner, Target, naive_peak};

use super::super::error::CliError;

/// Sequences and residues.
pub(super) type Size = (u64, u64);

/// A model's graph and the sizes of everything in it.
pub(super) struct Program {
    pub(super) graph: Graph,
    pub(super) sizes: Sizes,
}

impl Program {
    /// A model of the registry's Evoformers.
    pub(super) fn new(model: &crease_core::lang::Model, (s, r): Size) -> Result<Program, CliError> {
        Program::of(model, &Settings::new(), &[("S", s), ("R", r)])
    }

    /// Any model under settings, its axes so long.
    pub(super) fn of(
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
pub(super) struct Block {
    pub(super) program: Program,
    pub(super) planner: Planner,
    /// The fastest plan.
    pub(super) fastest: Plan,
    /// The smallest peak met.
    pub(super) least: u64,
    /// The naive program's peak.
    pub(super) naive: u64,
    /// Bytes of m and z.
    pub(super) state: u64,
    pub(super) weights: u64,
}

impl Block {
    fn new(size: Size, target: &Target) -> Result<Block, CliError> {
        let program = Program::new(&crate::evoformer::evoformer::evoformer_block(), size)?;
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
    pub(super) fn within(&self, peak: u64) -> Result<Plan, PlanError> {
        self.planner.plan(Some(self.weights + peak))
    }

    /// The smallest peak and a part, in thousandths, of what the fastest plan takes more.
    pub(super) fn between(&self, thousandths: u64) -> u64 {
        let most = self.fastest.memory.arena;
        self.least + most.saturating_sub(self.least) * thousandths / 1000
    }
}

/// Blocks by size, each planned once.
pub(super) struct Blocks {
    pub(super) target: Target,
    made: BTreeMap<Size, Rc<Block>>,
}

impl Blocks {
    pub(super) fn new(target: Target) -> Blocks {
        Blocks { target, made: BTreeMap::new() }
    }

    pub(super) fn at(&mut self, size: Size) -> Result<Rc<Block>, CliError> {
        if let Some(known) = self.made.get(&size) {
            return Ok(Rc::clone(known));
        }
        let block = Rc::new(Block::new(size, &self.target)?);
        self.made.insert(size, Rc::clone(&block));
        Ok(block)
    }
}
