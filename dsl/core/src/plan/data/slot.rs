//! Buffers of the arena.

use serde::{Deserialize, Serialize};

/// Every buffer starts at a multiple of this many bytes.
pub const ALIGNMENT: u64 = 64;

/// A buffer of the arena.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The value it first holds.
    pub name: String,
    /// Its purpose.
    pub kind: SlotKind,
    /// Bytes from the arena's start.
    pub offset: u64,
    /// Bytes.
    pub bytes: u64,
    /// First moment it is alive; moments count kernel calls in program order, loop bodies once.
    pub first: u64,
    /// Last moment it is alive.
    pub last: u64,
}

/// The purpose of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SlotKind {
    /// An input; its memory is reused once it was read.
    Input,
    /// An output.
    Output,
    /// A value between steps.
    Temporary,
    /// Working memory of one kernel call, for all threads.
    Scratch,
}
