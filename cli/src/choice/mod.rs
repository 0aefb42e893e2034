//! From words on the command line and files at hand to a model, its settings, its sizes and a plan.

mod infer;
mod machine;
mod model;
mod plans;
mod reference;
pub(crate) mod table;
mod tensors;

pub(crate) use infer::{Equations, adopt, shown};
pub use machine::machine;
pub(crate) use machine::threads;
pub(crate) use model::{Chosen, Pair};
pub(crate) use plans::{Budget, Precision, plan_within, planned, planner, whole_sizes, with_precision};
pub(crate) use reference::Reference;
pub(crate) use tensors::{about, fused, options, outputs, set_inputs};
