//! The builtin functions: what each takes, and what it does.

mod apply;
mod arguments;
mod axes;
mod layers;
mod rearrange;
mod record;
mod table;

pub(super) use table::is_builtin;
pub(in crate::lang) use table::names;
