//! One call of a contraction: its operands, each worker's scratch and what that holds.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use super::plan::{K_BLOCK, M_BLOCK, N_BLOCK, Plan};
use super::spec::Contraction;
use crate::cpu::numbers::elements::Elements;
use crate::cpu::tile::instructions::InstructionSet;

/// Bytes of scratch that a contraction needs for each thread of its pool, a multiple of 64, on this machine.
#[must_use]
pub(in crate::cpu) fn scratch_bytes_per_thread() -> usize {
    scratch_bytes(InstructionSet::detect())
}

/// The same with the instructions given.
#[must_use]
pub(in crate::cpu) const fn scratch_bytes(_isa: InstructionSet) -> usize {
    size_of::<Head>() + 4 * (M_BLOCK + N_BLOCK) * K_BLOCK
}

/// Which blocks a worker's scratch holds: (place among the products, block of m or n, block of k).
pub(super) type Held = (usize, usize, usize);
pub(super) const NOTHING: Held = (0, usize::MAX, usize::MAX);

/// The start of a worker's scratch; the packed blocks along rows, then along columns, follow.
#[repr(align(64))]
pub(super) struct Head {
    pub(super) rows: Held,
    pub(super) columns: Held,
}

pub(super) struct Call<'a> {
    pub(super) isa: InstructionSet,
    pub(super) spec: &'a Contraction<'a>,
    pub(super) operands: &'a [*mut f32],
    pub(super) scratch: *mut u8,
    pub(super) plan: Plan,
}

// SAFETY: operands are only read but for the results and scratch, of which each task writes its own part.
unsafe impl Sync for Call<'_> {}

impl Call<'_> {
    pub(super) fn head(&self, worker: usize) -> *mut Head {
        self.scratch.wrapping_add(worker * scratch_bytes(self.isa)).cast()
    }

    /// An element of an operand: of the product numbered so, so many elements further.
    pub(super) fn at(&self, operand: usize, (outer, beside): (usize, usize), further: isize) -> Elements {
        let product = self.plan.outer.offset(outer, operand) + beside as isize * self.plan.beside.steps[operand];
        Elements::new(self.operands[operand], self.spec.formats[operand]).further(product + further)
    }

    /// The flat k that block number `step` starts at, and how many it has.
    pub(super) fn terms(&self, step: usize) -> (usize, usize) {
        let all = self.plan.k.extent * self.plan.outer_k.count();
        let from = step * self.plan.k_block;
        (from, self.plan.k_block.min(all - from))
    }
}
