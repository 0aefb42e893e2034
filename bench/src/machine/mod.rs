//! This machine: what it is, what it does at most, who else is busy on it.

pub(crate) mod ceiling;
pub(crate) mod described;
pub(crate) mod quiet;
