//! Calls between compiled code and Rust, both ways: the only place of this folder that is unsafe.
//!
//! Also here: how a call is divided into tasks. The division depends on extents alone.

#![allow(unsafe_code)] // Compiled code is reached through a function pointer and works on raw memory.

use std::mem::MaybeUninit;

use cranelift_jit::JITModule;
use cranelift_module::FuncId;
use crease_core::kernel::Nest;

use super::order::{MAX_INDICES, Merge, Order, SCRATCH};
use crate::cpu::pool::Pool;

/// `(loads, store, extents, starts, scratch, first unit, behind the last unit, lanes per block)`
type Entry = unsafe extern "C" fn(*const *const f32, *mut f32, *const u64, *const u64, *mut f32, u64, u64, u64);

/// Points that are worth a task of their own, in units of a simple instruction per point.
const GRAIN: u128 = 1 << 17;
/// The most tasks one call is divided into.
const MOST_TASKS: u128 = 256;
/// Lanes per block where operands run across each other: a tile stays in the cache.
const TILE: u64 = 32;
/// Blocks are multiples of this: no two tasks write one cache line of a dense result.
const LINE: u64 = 64;

/// A nest as machine code.
pub struct CompiledNest {
    entry: Entry,
    indices: usize,
    loads: usize,
    /// The lane index, where it belongs to the result.
    lanes: Option<usize>,
    /// The other indices of the result, outermost first.
    outer: Vec<usize>,
    tiled: bool,
    staged: bool,
    merges: Vec<Merge>,
    weight: u128,
}

/// How one call is divided.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) units: u64,
    pub(super) tasks: u64,
    pub(super) block: u64,
}

/// The arguments of one call, for other threads to see.
struct Arguments<'a> {
    loads: &'a [*const f32],
    store: *mut f32,
    extents: &'a [u64],
    starts: &'a [u64],
    block: u64,
}

// SAFETY: the pointers are only handed on to compiled code; `CompiledNest::run` demands that the
// memory behind them may be used from other threads while it runs.
unsafe impl Sync for Arguments<'_> {}

/// Takes the function that `super` made of a nest.
pub(super) fn compiled(module: &JITModule, function: FuncId, order: &Order, nest: &Nest) -> CompiledNest {
    let code = module.get_finalized_function(function);
    CompiledNest {
        // SAFETY: functions of nests are declared with the signature of `Entry`, and the module's
        // memory is never freed: `free_memory` is unsafe and not called, dropping leaks it.
        entry: unsafe { std::mem::transmute::<*const u8, Entry>(code) },
        indices: nest.indices,
        loads: nest.loads.len(),
        lanes: order.lanes.filter(|_| !order.folds_lanes),
        outer: order.outer.clone(),
        tiled: order.tiled,
        staged: order.staged,
        merges: order.merges.clone(),
        weight: (4 + order.before.weight + order.after.weight) as u128,
    }
}

impl CompiledNest {
    /// Computes the nest: one extent for each index, and the place in the full index where each
    /// starts (for positions); pointers stand at the first element. Nothing is allocated. The result
    /// has the same bits for every number of threads.
    ///
    /// # Safety
    /// Every element that the nest's strides reach within the extents must be readable (operands) or
    /// writable (result) for the length of the call, with no other use of the result. The result may
    /// overlap an operand only where both have the same address and strides, and not in a nest whose
    /// row operation keeps the row. Gathered operands are valid over the whole gathered axis.
    pub unsafe fn run(&self, pool: &Pool, loads: &[*const f32], store: *mut f32, extents: &[u64], starts: &[u64]) {
        assert!(
            loads.len() == self.loads && extents.len() == self.indices && starts.len() == self.indices,
            "a call has one pointer per operand, one extent and one start per index"
        );
        let mut merged = [0; MAX_INDICES];
        merged[..extents.len()].copy_from_slice(extents);
        let extents = &mut merged[..extents.len()];
        let split = self.split(extents);
        if split.units == 0 {
            return;
        }
        let arguments = Arguments { loads, store, extents, starts, block: split.block };
        if split.tasks == 1 || pool.threads() == 1 {
            // SAFETY: the caller vouches for the memory.
            unsafe { self.units(&arguments, 0, split.units) };
            return;
        }
        let edge = |task: u64| (u128::from(split.units) * u128::from(task) / u128::from(split.tasks)) as u64;
        pool.run(split.tasks as usize, &|task, _| {
            let task = task as u64;
            // SAFETY: the caller vouches for the memory; no two tasks share a unit, no two units
            // write the same element.
            unsafe { self.units(&arguments, edge(task), edge(task + 1)) };
        });
    }

    /// # Safety
    /// As [`CompiledNest::run`], and no other call works on the same units.
    unsafe fn units(&self, arguments: &Arguments<'_>, from: u64, to: u64) {
        if self.staged {
            let mut scratch = MaybeUninit::<[f32; SCRATCH]>::uninit();
            // SAFETY: as the caller vouches; the scratch is as long as the code was compiled for.
            unsafe { self.enter(arguments, scratch.as_mut_ptr().cast(), from, to) }
        } else {
            // SAFETY: as the caller vouches; code that is not staged leaves the scratch alone.
            unsafe { self.enter(arguments, std::ptr::null_mut(), from, to) }
        }
    }

    /// # Safety
    /// As [`CompiledNest::units`], with a scratch of [`SCRATCH`] elements where rows are staged.
    unsafe fn enter(&self, arguments: &Arguments<'_>, scratch: *mut f32, from: u64, to: u64) {
        let Arguments { loads, store, extents, starts, block } = arguments;
        // SAFETY: the slices have the lengths that the code was compiled for; the rest is the caller's.
        unsafe {
            (self.entry)(loads.as_ptr(), *store, extents.as_ptr(), starts.as_ptr(), scratch, from, to, *block);
        }
    }

    /// Merges what walks memory as one, then divides: by extents only.
    pub(super) fn split(&self, extents: &mut [u64]) -> Split {
        while let Some(m) = self.merges.iter().find(|m| extents[m.from] > 1 && extents[m.into] == m.extent) {
            extents[m.into] *= extents[m.from];
            extents[m.from] = 1;
        }
        let product = |indices: &mut dyn Iterator<Item = u64>| indices.fold(1, u64::saturating_mul);
        let outside = product(&mut self.outer.iter().map(|&i| extents[i]));
        let lanes = self.lanes.map_or(1, |v| extents[v]);
        let points = extents.iter().fold(1_u128, |all, &e| all.saturating_mul(u128::from(e)));
        let tasks = (points.saturating_mul(self.weight) / GRAIN).clamp(1, MOST_TASKS) as u64;
        let block = if self.tiled && self.outer.last().is_some_and(|&i| extents[i] >= 4) {
            TILE
        } else {
            // Enough blocks that the units go round.
            let wanted = tasks.div_ceil(outside.max(1));
            lanes.div_ceil(wanted).max(1).next_multiple_of(LINE)
        };
        let units = outside.saturating_mul(if self.lanes.is_some() { lanes.div_ceil(block) } else { 1 });
        Split { units, tasks: tasks.min(units.max(1)), block }
    }
}

impl std::fmt::Debug for CompiledNest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CompiledNest({} indices, {} operands)", self.indices, self.loads)
    }
}
