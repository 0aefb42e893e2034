//! From a choice and a budget to a plan.

use std::str::FromStr;

use crease_core::ir::{Format, Sizes};
use crease_core::lang::{Elaborated, Options};
use crease_core::plan::{Plan, PlanError, Planner, Target};
use crease_core::units::parse_bytes;

use super::model::Chosen;
use crate::terminal::CliError;

/// The bytes that a run may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// Not more than these.
    Bytes(u64),
    /// The smallest that the planner meets.
    Smallest,
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Budget, String> {
        match text.trim() {
            "smallest" => Ok(Budget::Smallest),
            text => parse_bytes(text).map(Budget::Bytes),
        }
    }
}

/// What a run may round.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Precision {
    /// What values between operations may be kept in: f32, or bf16, which takes half the memory and rounds each to 8
    /// significant bits. Inputs, outputs, state, weights and sums stay f32. As the model says unless given.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) precision: Option<Format>,
}

/// The plan under a budget; none for the fastest.
pub(crate) fn plan_within(planner: &Planner, budget: Option<Budget>) -> Result<Plan, CliError> {
    let bytes = match budget {
        None => None,
        Some(Budget::Bytes(bytes)) => Some(bytes),
        Some(Budget::Smallest) => Some(planner.leanest().memory.total()),
    };
    Ok(planner.plan(bytes)?)
}

/// The sizes of axes and of constants that stayed symbols.
pub(crate) fn whole_sizes(elaborated: &Elaborated, axes: &Sizes) -> Sizes {
    elaborated.sizes.iter().chain(axes).map(|(name, size)| (name.clone(), *size)).collect()
}

/// The graph of a choice, explored for planning.
pub(crate) fn planner(
    chosen: &Chosen,
    axes: &Sizes,
    options: &Options,
    target: &Target,
) -> Result<(Elaborated, Planner), CliError> {
    let elaborated = chosen.model.elaborate(&chosen.settings, options)?;
    let planner = Planner::new(&elaborated.graph, &whole_sizes(&elaborated, axes), target)?;
    Ok((elaborated, planner))
}

/// The graph of a choice and its plan under a budget: one that was made while compiling, where one fits. Weights that
/// are in no file are held.
pub(crate) fn planned(
    chosen: &Chosen,
    axes: &Sizes,
    options: &Options,
    target: &Target,
    budget: Option<Budget>,
    in_file: bool,
) -> Result<(Elaborated, Plan), CliError> {
    if let Some(Budget::Bytes(bytes)) = budget {
        let elaborated = chosen.model.elaborate(&chosen.settings, options)?;
        let sizes = whole_sizes(&elaborated, axes);
        let promised = chosen.model.promised(&elaborated.graph, &sizes, bytes, target);
        if let Some(plan) = promised.filter(|plan| in_file || plan.params.values().all(|p| !p.streamed)) {
            return Ok((elaborated, plan));
        }
    }
    let (elaborated, planner) = planner(chosen, axes, options, target)?;
    let planner = if in_file { planner } else { planner.holding_weights() };
    let plan = plan_within(&planner, budget);
    let plan = plan.map_err(|error| with_precision(error, chosen, axes, options, target, in_file))?;
    Ok((elaborated, plan))
}

/// A refusal that says what fewer bits would need, where that is inside the budget.
pub(crate) fn with_precision(
    error: CliError,
    chosen: &Chosen,
    axes: &Sizes,
    options: &Options,
    target: &Target,
    in_file: bool,
) -> CliError {
    let CliError::Plan(error @ PlanError::Budget { budget, .. }) = error else { return error };
    let options = Options { precision: Some(Format::Bf16), ..options.clone() };
    let Ok((_, planner)) = planner(chosen, axes, &options, target) else { return CliError::Plan(error) };
    let planner = if in_file { planner } else { planner.holding_weights() };
    match planner.leanest().memory.total() {
        smallest if smallest <= budget => CliError::Precision { error, smallest },
        _ => CliError::Plan(error),
    }
}
