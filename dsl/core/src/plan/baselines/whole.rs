//! The program with every node whole, in the order as written.

use std::rc::Rc;

use super::error::RivalError;
use super::schedule::{Program, program, single, whole};
use crate::ir::{Graph, Sizes};
use crate::plan::data::Plan;
use crate::plan::machine::Target;
use crate::plan::tree::{Bound, Costs, Item};

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
    let items: Vec<Item> = graph.nodes.keys().map(Item::Node).collect();
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
