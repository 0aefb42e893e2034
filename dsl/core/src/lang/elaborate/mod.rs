//! Elaboration: a function of a library becomes a graph, or a list of mistakes.
//!
//! Checking and building share one walk. While checking, settings have no value, both branches of a flag are
//! walked, calls are checked by signature and the graph is discarded. While building, flags have
//! values, and the graph of a called function, in its own symbols, is inlined into the
//! caller's. So a function means the same at every call.

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
