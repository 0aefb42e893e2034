//! Register tiles: the innermost sums of products and attention, and how their operands are packed for them.

pub(super) mod ahead;
pub(super) mod instructions;
pub(super) mod micro;
pub(super) mod pack;
