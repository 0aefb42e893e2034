//! Runs attention over a pool of threads, a block of queries a task.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use crease_core::kernel::Attend;

use super::call::{Call, Operands, QUERIES};
use crate::cpu::pool::Pool;
use crate::cpu::tile::instructions::InstructionSet;

/// Multiply-adds that a task should have at least.
const TASK_WORK: usize = 1 << 19;

/// Runs an attention over the pool.
///
/// # Safety
/// Every element that the kernel's strides and the lengths name is in bounds of its operand, nobody else writes
/// them meanwhile, and the result overlaps no operand but for the queries, element by element (the channel in
/// the place of the inner index). Scratch is a multiple of 64 with [`Attend::scratch`] bytes a thread. The
/// machine has `isa`.
pub(in crate::cpu) unsafe fn attend(isa: InstructionSet, pool: &Pool, kernel: &Attend, operands: &Operands<'_>) {
    assert!(isa.is_here(), "this machine has no {isa:?}");
    let call = Call::new(isa, kernel, operands);
    if call.batches == 0 || call.queries == 0 || call.channels == 0 {
        return;
    }
    let blocks = call.batches * call.queries.div_ceil(QUERIES);
    let work = call.queries.min(QUERIES) * call.keys * (call.inner + call.channels);
    let together = (TASK_WORK / work.max(1)).clamp(1, blocks.div_ceil(4 * pool.threads()));
    pool.run(blocks.div_ceil(together), &|task, worker| {
        for block in task * together..((task + 1) * together).min(blocks) {
            // SAFETY: the caller's promise; blocks write disjoint parts of the result, and the pool lends a
            // worker's number to one task at a time.
            unsafe { call.block(block, worker) };
        }
    });
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
