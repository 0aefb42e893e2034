//! From a path of the search to a plan: kernel calls, places and addresses. No decisions are made here.

mod emitter;
mod layout;
mod lower;
mod program;
mod sequence;
mod stretch;

pub(in crate::plan) use program::emit;
