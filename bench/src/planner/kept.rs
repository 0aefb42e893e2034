//! Kept: a plan holds no more than its budget, or there is none; and small ones run and are right.

use crease_cli::terminal::{CliError, one_line};
use crease_core::oracle::{Tensor, Tensors};
use crease_core::plan::{Plan, PlanError, Planner};
use crease_core::random::{Choices, graph, tensors};
use crease_runtime::Cpu;
use crease_runtime::conformance::Expected;
use serde_json::json;

use super::scope::Scope;
use crate::block::{Block, Blocks, Program, Size};
use crate::report::Report;

/// The sizes (sequences, residues) of blocks, the smallest first.
pub(super) const SIZES: [Size; 7] = [(1, 1), (7, 13), (16, 24), (128, 256), (128, 512), (512, 1024), (512, 2048)];
/// Of these, how many are small enough to run beside the oracle.
const RUN: usize = 3;

/// What became of a budget.
enum Kept {
    Planned(Box<Plan>),
    Refused,
}

/// The plan under a budget, lawful and inside it, or an honest refusal.
fn kept(planner: &Planner, budget: u64) -> Result<Kept, String> {
    match planner.plan(Some(budget)) {
        Ok(plan) => {
            plan.verify().map_err(|fault| fault.to_string())?;
            match plan.memory.total() <= budget {
                true => Ok(Kept::Planned(Box::new(plan))),
                false => Err(format!("a plan of {} bytes for a budget of {budget}", plan.memory.total())),
            }
        }
        Err(PlanError::Budget { smallest, .. }) if smallest > budget => Ok(Kept::Refused),
        Err(error) => Err(format!("at a budget of {budget}: {error}")),
    }
}

/// Counts over many budgets.
#[derive(Default)]
struct Tally {
    planned: u64,
    refused: u64,
    run: u64,
    failures: Vec<String>,
}

impl Tally {
    fn add(&mut self, name: &str, kept: Result<Kept, String>, expected: Option<(&Expected, &Cpu)>) {
        let done = kept.and_then(|kept| match kept {
            Kept::Refused => {
                self.refused += 1;
                Ok(())
            }
            Kept::Planned(plan) => {
                self.planned += 1;
                expected.map_or(Ok(()), |(expected, cpu)| {
                    self.run += 1;
                    expected.check(&plan, cpu)
                })
            }
        });
        if let Err(error) = done {
            self.failures.push(one_line(&format!("{name}: {error}")));
        }
    }

    fn say(&self, report: &mut Report, what: &str) -> Result<(), CliError> {
        let Tally { planned, refused, run, failures } = self;
        let mut text = format!(
            "{what}: {planned} plans inside their budget and lawful, {refused} budgets refused, {run} plans run as the oracle says, {} failures",
            failures.len()
        );
        if let Some(first) = failures.first() {
            text += &format!("; first: {first}");
        }
        let data = json!({ "planned": planned, "refused": refused, "run": run, "failures": failures });
        report.line("kept", &text, Some(failures.is_empty()), data)
    }
}

/// Random graphs, sizes and budgets.
pub(super) fn random(report: &mut Report, scope: &Scope, cpu: &Cpu) -> Result<(), CliError> {
    let mut tally = Tally::default();
    let triples = scope.count(1000, 100);
    for k in 0..triples {
        report.doing(format!("random graph {k} of {triples}"));
        let seed = scope.seed.wrapping_mul(1_000_003).wrapping_add(k);
        triple(&mut tally, seed, cpu);
    }
    tally.say(report, &format!("{triples} random graphs, sizes and budgets"))
}

fn triple(tally: &mut Tally, seed: u64, cpu: &Cpu) {
    let name = format!("graph of seed {seed}");
    let mut choices = Choices::new(seed);
    let graph = graph(&mut choices, (2, 11), true);
    let sizes = choices.sizes();
    let mut target = cpu.target();
    if choices.next(2) == 0 {
        // A machine where kernels start for free chunks eagerly: more loops are seen.
        target.call = 0;
    }
    let made = || -> Result<(Expected, Planner), String> {
        let given = tensors(&graph, &sizes, &mut choices.clone()).map_err(|e| e.to_string())?;
        let planner = Planner::new(&graph, &sizes, &target).map_err(|e| e.to_string())?;
        Ok((Expected::new(&graph, &sizes, &given)?, planner))
    };
    let (expected, planner) = match made() {
        Ok(made) => made,
        Err(error) => return tally.add(&name, Err(error), None),
    };
    let least = planner.leanest().memory.total();
    let most = planner.plan(None).map_or(least, |plan| plan.memory.total());
    // One in five is less than can be met; the others go from the smallest to a little more than is wanted.
    let budget = match choices.next(5) {
        0 => choices.bits() % least.max(1),
        _ => least + choices.bits() % (most.saturating_sub(least) + most / 64 + 1),
    };
    tally.add(&name, kept(&planner, budget), Some((&expected, cpu)));
}

/// The Evoformer block at all sizes.
pub(super) fn blocks(report: &mut Report, scope: &Scope, blocks: &mut Blocks, cpu: &Cpu) -> Result<(), CliError> {
    for (k, &(s, r)) in SIZES.iter().enumerate() {
        if scope.quick && (k == RUN - 1 || r > 256) {
            continue;
        }
        report.doing(format!("8 budgets of the block at s={s} r={r}"));
        let block = blocks.at((s, r))?;
        let expected = match k < RUN {
            true => Some(
                given(&block.program)
                    .and_then(|given| Expected::new(&block.program.graph, &block.program.sizes, &given)),
            ),
            false => None,
        };
        let mut tally = Tally::default();
        for budget in budgets(&block) {
            let name = format!("s={s} r={r}");
            match &expected {
                Some(Err(error)) => tally.add(&name, Err(error.clone()), None),
                Some(Ok(expected)) => tally.add(&name, kept(&block.planner, budget), Some((expected, cpu))),
                None => tally.add(&name, kept(&block.planner, budget), None),
            }
        }
        tally.say(report, &format!("block s={s} r={r} at 8 budgets"))?;
    }
    Ok(())
}

/// Two budgets that are too small, and six from the smallest to the fastest plan's.
fn budgets(block: &Block) -> [u64; 8] {
    let between = |thousandths| block.weights + block.between(thousandths);
    let (least, most) = (block.weights + block.least, block.fastest.memory.total());
    [least / 2, least - 1, least, between(100), between(250), between(500), between(750), most.max(least)]
}

/// Inputs and weights of a block as they are in use: near-normal matrices, masks with a tenth of zeros.
fn given(program: &Program) -> Result<Tensors, String> {
    let mut choices = Choices::new(7);
    let mut all = Tensors::new();
    for port in program.graph.inputs.iter().chain(&program.graph.params) {
        let shape = program.graph.shape(port.value, &program.sizes).map_err(|e| e.to_string())?;
        let width = shape.last().copied().unwrap_or(1) as f64;
        let (mask, norm) = (port.name.ends_with("mask"), port.name.ends_with("weight") && shape.len() == 1);
        let input = program.graph.inputs.iter().any(|p| p.name == port.name);
        let mut tensor = Tensor::filled(shape, 0.0);
        for x in &mut tensor.data {
            let noise = choices.noise();
            let drawn = match (mask, norm, input) {
                (true, ..) => f64::from(noise > -0.8),
                (_, true, _) => 1.0 + noise / 8.0,
                (_, _, true) => noise,
                _ => 2.0 * noise / width.sqrt(),
            };
            // What a run is given is what the oracle is given.
            *x = f64::from(drawn as f32);
        }
        all.insert(port.name.clone(), tensor);
    }
    Ok(all)
}
