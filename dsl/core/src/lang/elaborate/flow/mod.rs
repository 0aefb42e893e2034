//! Statements, branches and loops.

mod control;
mod free;
mod loops;
mod statement;

pub(in crate::lang) use free::free_names;
