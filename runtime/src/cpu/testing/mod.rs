//! What the tests of several kernels share: random numbers, and memory in every format.

pub(super) mod dice;
pub(super) mod held;
