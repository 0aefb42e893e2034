//! What a plan holds, part by part.

use serde::{Deserialize, Serialize};

/// The memory of a plan, in bytes. `total()` is what a budget limits.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Weights held.
    pub weights: u64,
    /// The arena: everything else, at its exact height.
    pub arena: u64,
    /// Inputs alive at the fullest moment.
    pub inputs: u64,
    /// Outputs alive at the fullest moment.
    pub outputs: u64,
    /// Values between steps alive at the fullest moment.
    pub temporaries: u64,
    /// Kernel scratch alive at the fullest moment, all threads.
    pub scratch: u64,
    /// The fullest moment.
    pub moment: u64,
    /// The operation that runs then.
    pub operation: String,
}

impl Memory {
    /// Weights and arena: the peak.
    pub fn total(&self) -> u64 {
        self.weights + self.arena
    }

    /// Bytes of the arena that no buffer uses at the fullest moment.
    pub fn gaps(&self) -> u64 {
        self.arena - self.inputs - self.outputs - self.temporaries - self.scratch
    }
}
