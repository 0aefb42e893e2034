//! From a path through the search to a plan: kernel calls, places and addresses. Nothing here chooses.

mod emitter;
mod layout;
mod lower;
mod program;
mod sequence;
mod stretch;

pub(in crate::plan) use program::emit;
