//! What the planner is measured against: hand-set policies, a published search, an exhaustive one.
//!
//! Every rival's choice becomes a [`Plan`] of the same nodes under the same cost model, so that the same
//! runtime can run it. None of this is on a user's way to a plan.

mod autochunk;
mod exhaustive;
mod fixed;
mod splits;

pub use autochunk::{AutoChunk, Stop, autochunk};
pub use exhaustive::Exhaustive;
pub use fixed::{Region, fixed};

use std::rc::Rc;

use super::bound::Bound;
use super::cost::Costs;
use super::schedule::{Program, whole};
use super::tree::Item;
use super::{Plan, PlanError, Target};
use crate::ir::{Graph, Op, Sizes};

/// Why a rival has no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RivalError {
    /// No plan at these sizes, for anybody.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Rivals plan one layer.
    #[error("rivals do not plan loops over layers")]
    Layers,
    /// A hand-set region that is no loop of this graph.
    #[error("no loop from `{first}` to `{last}` splits axis {axis}")]
    Region {
        /// Where it was to begin.
        first: String,
        /// Where it was to end.
        last: String,
        /// The axis that was to be split.
        axis: usize,
    },
}

/// The naive program's own plan with the planner's nodes: every one whole, in the order as written.
///
/// # Errors
/// See [`RivalError`].
pub fn naive(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Plan, RivalError> {
    Ok(whole_plan(&program(graph, sizes, target)?))
}

/// Predicted nanoseconds of the program as written, nothing fused, every operation whole: the program whose
/// peak is [`super::naive_peak`].
///
/// # Errors
/// See [`RivalError`].
pub fn naive_time(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<u64, RivalError> {
    single(graph)?;
    let items: Vec<Item> = (0..graph.nodes.len()).map(Item::Node).collect();
    Ok(Costs::new(Rc::new(Bound::new(graph, sizes)?), Rc::new(target.clone())).time(&items, None))
}

/// The plan of the program as written, nothing fused, every operation whole: what [`naive_time`] predicts, to be run.
///
/// # Errors
/// See [`RivalError`].
pub fn written(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Plan, RivalError> {
    single(graph)?;
    Ok(whole_plan(&Program::as_is(graph, sizes, target)?))
}

fn whole_plan(program: &Program) -> Plan {
    let order = program.written();
    let stretches = whole(&program.piece(order.clone()));
    program.plan(order, &stretches)
}

fn program(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Program, RivalError> {
    single(graph)?;
    Ok(Program::new(graph, sizes, target)?)
}

/// Refuses loops over layers.
fn single(graph: &Graph) -> Result<(), RivalError> {
    match graph.nodes.iter().any(|n| matches!(n.op, Op::Repeat(_))) {
        true => Err(RivalError::Layers),
        false => Ok(()),
    }
}
