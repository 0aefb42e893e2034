//! Steps: kernel calls on places in memory, and the loops around them.

use serde::{Deserialize, Serialize};

use super::id::{KernelId, LoopId, ParamId, SlotId};

/// A node or a loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// One kernel call.
    Call(Call),
    /// A chunk loop: `body` for positions `0, chunk, 2·chunk, …` below `total`, the last one shorter.
    Chunk {
        /// Its counter: the current position.
        id: LoopId,
        /// The index's extent.
        total: u64,
        /// Positions per iteration.
        chunk: u64,
        /// What is split, for display.
        label: String,
        /// The body.
        body: Vec<Step>,
    },
    /// A loop over layers: `body` for layers `0..count`.
    Layers {
        /// Its counter: the current layer.
        id: LoopId,
        /// How many.
        count: u64,
        /// One layer.
        body: Vec<Step>,
    },
}

/// A kernel call on buffers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Which of [`super::Plan::kernels`].
    pub kernel: KernelId,
    /// The operands, in the kernel's order.
    pub operands: Vec<Place>,
    /// The results: several where contractions of one operand are one call.
    pub results: Vec<Place>,
    /// The extent of each kernel index.
    pub lengths: Vec<Length>,
    /// The buffer for working memory, if the kernel needs one.
    pub scratch: Option<SlotId>,
    /// When it runs; live ranges of slots are in this unit.
    pub moment: u64,
    /// Its source name.
    pub origin: String,
}

/// The first element of an operand or result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The buffer or weight.
    pub base: Base,
    /// Elements from its start.
    pub offset: u64,
    /// Elements that each unit of a loop's counter adds.
    pub moves: Vec<(LoopId, u64)>,
}

/// What a place refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Base {
    /// A buffer of the arena.
    Slot(SlotId),
    /// A weight (of the current layer).
    Param(ParamId),
}

/// The extent of a kernel index in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Length {
    /// Always the same.
    Fixed(u64),
    /// The current iteration's share of a chunk loop; the index starts at the loop's position.
    Chunk(LoopId),
}
