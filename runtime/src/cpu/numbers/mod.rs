//! Numbers: their formats in memory, arithmetic on them, and functions of one number.

pub(super) mod arithmetic;
pub(super) mod elements;
pub(super) mod functions;
