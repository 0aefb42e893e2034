//! Elaboration: a function of a library becomes a graph, or a list of what is wrong with it.
//!
//! The same walk serves both. While checking, settings have no value, both branches of a flag are
//! walked, calls are judged by signatures and the graph is thrown away. While building, flags are
//! values, calls are walked, and the graph of a called function, in its own symbols, is set into the
//! caller's. So a function means the same wherever it is called from.

mod arithmetic;
mod builtin;
mod call;
mod einsum;
mod expression;
mod flow;
mod params;
mod root;
mod value;
mod walk;
mod words;

pub(super) use builtin::names as builtin_names;
pub(super) use flow::free_names;
pub(super) use root::{build, output_names};
pub(super) use walk::{Elaborator, Mode, constant_sizes};
