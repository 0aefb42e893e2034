//! The plans of a part that are measured: without a budget, and at some.

use crease_cli::terminal::CliError;
use crease_core::ir::{Format, Graph, Sizes};
use crease_core::plan::baselines::written;
use crease_core::plan::{Checked, Plan, PlanError, Planner, Target};

use super::parts::{BLOCK, Part};
use crate::baseline::rival;
use crate::block::{Program, Size};

/// Which plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Without a budget: its peak is U.
    Fastest,
    /// The smallest peak, F.
    Smallest,
    /// Thousandths of the way from F to U.
    Between(u64),
    /// A given peak above weights and inputs.
    Above(u64),
    /// Without a budget, values between operations in bfloat16.
    Bf16,
    /// The program as written, nothing fused, every operation whole.
    Naive,
}

/// Thousandths of the way from F to U.
pub(super) const BETWEEN: [u64; 3] = [100, 250, 500];
const MIB: u64 = 1 << 20;
/// Where the naive program is run beside the block; it holds gigabytes at larger sizes.
pub(super) const NAIVE: [Size; 2] = [(128, 256), (128, 384)];

impl Kind {
    pub(super) fn name(self) -> String {
        match self {
            Kind::Fastest => "fastest".into(),
            Kind::Smallest => "F".into(),
            Kind::Between(thousandths) => format!("F+{:.2}(U-F)", thousandths as f64 / 1000.0),
            Kind::Above(bytes) => format!("+{} MiB", bytes / MIB),
            Kind::Bf16 => Format::Bf16.name().into(),
            Kind::Naive => "naive".into(),
        }
    }
}

/// Bytes above weights and inputs that suffice where the state is updated in its place: promised at two sizes, a
/// quarter more than m and z at others.
pub(super) fn allowance((s, r): Size) -> u64 {
    match (s, r) {
        (128, 256) => 80 * MIB,
        (128, 512) => 200 * MIB,
        _ => ((s * r * 256 + r * r * 128) * 5).next_multiple_of(MIB),
    }
}

/// Bytes of a plan's inputs.
pub(super) fn input_bytes(plan: &Plan) -> u64 {
    plan.inputs.iter().map(|port| 4 * port.shape.iter().product::<u64>()).sum()
}

/// The plans of a part at a size, and the kinds that there is none of.
pub(super) struct Plans {
    pub(super) made: Vec<(Kind, Checked<Plan>)>,
    pub(super) refused: Vec<(Kind, PlanError)>,
}

impl Plans {
    pub(super) fn new(part: &Part, size: Size, target: &Target) -> Result<Plans, CliError> {
        let program = Program::new(&(part.model)(), size)?;
        let block = part.name == BLOCK.name;
        let mut plans = Plans::of(&program, target, block.then(|| allowance(size)))?;
        if block {
            let graph = Graph { precision: Format::Bf16, ..program.graph.clone() };
            let planner = Planner::new(&graph, &program.sizes, target)?.holding_weights();
            plans.made.push((Kind::Bf16, planner.plan(None)?.check()?));
        }
        if block && NAIVE.contains(&size) {
            plans.made.push((Kind::Naive, naive(&program.graph, &program.sizes, target)?.check()?));
        }
        Ok(plans)
    }

    /// The plans of any program, one of them within so many bytes above weights and inputs.
    pub(super) fn of(program: &Program, target: &Target, above: Option<u64>) -> Result<Plans, CliError> {
        // Random weights are in no file.
        let planner = Planner::new(&program.graph, &program.sizes, target)?.holding_weights();
        let fastest = planner.plan(None)?.check()?;
        let (least, most) = (planner.leanest().memory.arena, fastest.memory.arena);
        let weights = fastest.memory.weights;
        let between = |thousandths: u64| least + most.saturating_sub(least) * thousandths / 1000;
        let mut budgets = vec![(Kind::Smallest, least)];
        budgets.extend(BETWEEN.map(|thousandths| (Kind::Between(thousandths), between(thousandths))));
        budgets.extend(above.map(|bytes| (Kind::Above(bytes), input_bytes(&fastest) + bytes)));
        let mut plans = Plans { made: vec![(Kind::Fastest, fastest)], refused: Vec::new() };
        for (kind, arena) in budgets {
            match planner.plan(Some(weights + arena)) {
                Ok(plan) => plans.made.push((kind, plan.check()?)),
                Err(error) => plans.refused.push((kind, error)),
            }
        }
        Ok(plans)
    }
}

fn naive(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Plan, CliError> {
    rival(written(graph, sizes, target))
}
