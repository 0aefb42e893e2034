//! The memory of a plan, part by part.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::slot::{ALIGNMENT, Slot, SlotKind};

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
    /// The first moment with the most live bytes, by kind; arena, weights and operation are left empty.
    pub(in crate::plan) fn fullest(slots: &[Slot]) -> Memory {
        let at = |moment: u64| {
            let live = |kind: SlotKind| -> u64 {
                let alive = slots.iter().filter(|s| s.kind == kind && (s.first..=s.last).contains(&moment));
                alive.map(|s| s.bytes.next_multiple_of(ALIGNMENT)).sum()
            };
            Memory {
                inputs: live(SlotKind::Input),
                outputs: live(SlotKind::Output),
                temporaries: live(SlotKind::Temporary),
                scratch: live(SlotKind::Scratch),
                moment,
                ..Memory::default()
            }
        };
        let total = |m: &Memory| m.inputs + m.outputs + m.temporaries + m.scratch;
        // Live bytes rise only where a buffer's life begins.
        let births: BTreeSet<u64> = slots.iter().map(|slot| slot.first).chain([0]).collect();
        let fuller = |best: Memory, other: Memory| if total(&other) > total(&best) { other } else { best };
        births.into_iter().map(at).reduce(fuller).unwrap_or_default()
    }

    /// Weights and arena: the peak.
    pub fn total(&self) -> u64 {
        self.weights + self.arena
    }

    /// Bytes of the arena that no buffer uses at the fullest moment.
    pub fn gaps(&self) -> u64 {
        self.arena - self.inputs - self.outputs - self.temporaries - self.scratch
    }
}
