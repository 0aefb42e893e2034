//! Runs a contraction over a pool of threads, block by block.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use super::call::{Call, Head, NOTHING};
use super::plan::{K_BLOCK, M_BLOCK, N_BLOCK, Plan};
use super::spec::Contraction;
use crate::cpu::pool::Pool;
use crate::cpu::tile::instructions::InstructionSet;

/// Runs the contraction over the pool with the machine's best instructions. Sums over no k are zero.
///
/// # Safety
/// `operands` are the first elements of each operand and result by number, of the formats that the contraction says. Every element the contraction names is in
/// bounds for the whole call, nobody else writes them or touches the results. No two index tuples name the same element
/// of a result, and a result overlaps nothing else but for an operand that only its own program loads, element by
/// element. `scratch` is a multiple of 64, is the call's alone, and has [`super::scratch_bytes_per_thread`] bytes for each
/// thread of the pool.
pub(super) unsafe fn contract(pool: &Pool, spec: &Contraction<'_>, operands: &[*mut f32], scratch: *mut u8) {
    // SAFETY: the caller's promise, passed on; the instruction set was detected.
    unsafe { contract_with(InstructionSet::detect(), pool, spec, operands, scratch) }
}

/// [`contract`] with the instructions given.
///
/// # Safety
/// As [`contract`], with [`super::call::scratch_bytes`] for `isa`.
///
/// # Panics
/// If the machine lacks `isa`, if `scratch` is not a multiple of 64, if a group has too many indices, or if more than
/// [`crease_core::kernel::Contract::TERMS`] are summed where that limits it.
pub(super) unsafe fn contract_with(
    isa: InstructionSet,
    pool: &Pool,
    spec: &Contraction<'_>,
    operands: &[*mut f32],
    scratch: *mut u8,
) {
    assert!(isa.is_here(), "this machine has no {isa:?}");
    assert!(scratch.addr().is_multiple_of(64), "scratch is not a multiple of 64");
    let Some(plan) = Plan::new(spec, isa) else { return };
    let fits =
        |block: usize, sums: bool, most: usize| block * plan.k_block * if sums { spec.sums() } else { 1 } <= most;
    assert!(fits(plan.m_block, plan.swapped, M_BLOCK * K_BLOCK), "too many terms for a block of rows");
    assert!(fits(plan.n_block, !plan.swapped, N_BLOCK * K_BLOCK), "too many terms for a block of columns");
    let call = Call { isa, spec, operands, scratch, plan };
    for worker in 0..pool.threads() {
        // SAFETY: each worker's scratch is ours and starts with its head, aligned as the scratch is.
        unsafe { call.head(worker).write(Head { rows: NOTHING, columns: NOTHING }) };
    }
    let tasks = call.plan.blocks.div_ceil(call.plan.blocks_per_task);
    // With many blocks of rows to a block of columns, one step for each block of k lets a worker keep its columns.
    let apart = call.plan.k_blocks > 1 && call.plan.m_blocks > 3;
    for step in 0..if apart { call.plan.k_blocks } else { 1 } {
        let steps = if apart { step..step + 1 } else { 0..call.plan.k_blocks };
        pool.run(tasks, &|task, worker| {
            let first = task * call.plan.blocks_per_task;
            for block in first..(first + call.plan.blocks_per_task).min(call.plan.blocks) {
                for step in steps.clone() {
                    // SAFETY: the caller of `contract_with` promised the operands; blocks write disjoint parts of the
                    // results, and the pool lends a worker's number to one task at a time.
                    unsafe { call.block(block, step, worker) };
                }
            }
        });
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
