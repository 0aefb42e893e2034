//! General contraction of two strided f32 tensors: every einsum of two operands, without a copy of either.
//!
//! The indices are merged and one of each kind is chosen as an axis of a matrix product; the rest become loops
//! (`contract_plan`). Tasks pack blocks of both operands into their worker's scratch (`pack`) and run register tiles over
//! them (`micro`). Nothing is allocated: scratch is the caller's, so that the memory plan knows it. Each element of C is
//! the same sum in the same order whatever the number of threads or the instruction set.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

pub use super::contract_plan::MOST_DIMS;
use super::contract_plan::{K_BLOCK, M_BLOCK, N_BLOCK, Plan};
pub use super::micro::InstructionSet;
use super::micro::{Kernel, MOST_COLUMNS, MOST_ROWS, Tile};
use super::pack::{Strip, pack};
use super::pool::Pool;

/// One index of a contraction: its extent and its element stride in each operand (0 where the operand lacks it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dim {
    /// How many values the index takes.
    pub extent: usize,
    /// Step in A.
    pub a: isize,
    /// Step in B.
    pub b: isize,
    /// Step in C.
    pub c: isize,
}

impl Dim {
    /// An index with one value.
    pub const ONE: Self = Self { extent: 1, a: 0, b: 0, c: 0 };
}

/// `c[batch, m, n] (+)= scale * sum over k of a[batch, m, k] * b[batch, k, n]`; each group has at most
/// [`MOST_DIMS`] indices, in any order. An index of `m` has no step in B, of `n` none in A, of `k`
/// none in C.
#[derive(Clone, Copy, Debug)]
pub struct Contraction<'a> {
    /// Indices of C and of A or B or both.
    pub batch: &'a [Dim],
    /// Indices of A and C.
    pub m: &'a [Dim],
    /// Indices of B and C.
    pub n: &'a [Dim],
    /// Indices summed over.
    pub k: &'a [Dim],
    /// Add to C instead of overwriting it.
    pub accumulate: bool,
    /// Factor of every sum.
    pub scale: f32,
}

/// Bytes of scratch [`contract`] needs for each thread of its pool, a multiple of 64, on this machine.
#[must_use]
pub fn scratch_bytes_per_thread() -> usize {
    scratch_bytes(InstructionSet::detect())
}

/// Bytes of scratch [`contract_with`] needs for each thread of its pool, a multiple of 64.
#[must_use]
pub const fn scratch_bytes(_isa: InstructionSet) -> usize {
    size_of::<Head>() + 4 * (M_BLOCK + N_BLOCK) * K_BLOCK
}

/// Runs the contraction over the pool with the machine's best instructions. Sums over no k are zero.
///
/// # Safety
/// Every element the contraction names is in bounds of `a` and `b` (to read) and `c` (to write, and to read if
/// accumulating) for the whole call, and nobody else writes them or touches `c`. No two index tuples name the same
/// element of C, and C overlaps neither A nor B. `scratch` is a multiple of 64, is the call's alone, and has
/// [`scratch_bytes_per_thread`] bytes for each thread of the pool.
pub unsafe fn contract(
    pool: &Pool,
    spec: &Contraction<'_>,
    a: *const f32,
    b: *const f32,
    c: *mut f32,
    scratch: *mut u8,
) {
    // SAFETY: the caller's promise, passed on; the instruction set was detected.
    unsafe { contract_with(InstructionSet::detect(), pool, spec, a, b, c, scratch) }
}

/// [`contract`] with the instructions given.
///
/// # Safety
/// As [`contract`], with [`scratch_bytes`] for `isa`.
///
/// # Panics
/// If the machine lacks `isa`, if `scratch` is not a multiple of 64, or if a group has too many indices.
pub unsafe fn contract_with(
    isa: InstructionSet,
    pool: &Pool,
    spec: &Contraction<'_>,
    a: *const f32,
    b: *const f32,
    c: *mut f32,
    scratch: *mut u8,
) {
    assert!(isa.is_here(), "this machine has no {isa:?}");
    assert!(scratch.addr().is_multiple_of(64), "scratch is not a multiple of 64");
    let Some(plan) = Plan::new(spec, isa) else { return };
    let (a, b) = if plan.swapped { (b, a) } else { (a, b) };
    // Over an empty k any finite scale will do; the caller's may not be finite.
    let scale = if plan.k_block == 0 { 1.0 } else { spec.scale };
    let call = Call { isa, a, b, c, scratch, scale, accumulate: spec.accumulate, plan };
    for worker in 0..pool.threads() {
        // SAFETY: each worker's scratch is ours and starts with its head, aligned as the scratch is.
        unsafe { call.head(worker).write(Head { a: NOTHING, b: NOTHING }) };
    }
    let tasks = call.plan.blocks.div_ceil(call.plan.blocks_per_task);
    // With many blocks of A to a block of B, one step for each block of k lets a worker keep its block of B.
    let apart = call.plan.k_blocks > 1 && call.plan.m_blocks > 3;
    for step in 0..if apart { call.plan.k_blocks } else { 1 } {
        let steps = if apart { step..step + 1 } else { 0..call.plan.k_blocks };
        pool.run(tasks, &|task, worker| {
            let first = task * call.plan.blocks_per_task;
            for block in first..(first + call.plan.blocks_per_task).min(call.plan.blocks) {
                for step in steps.clone() {
                    // SAFETY: the caller of `contract_with` promised the operands; blocks write disjoint parts of C, and
                    // the pool lends a worker's number to one task at a time.
                    unsafe { call.block(block, step, worker) };
                }
            }
        });
    }
}

/// Which block a worker's scratch holds: (offset in the operand, block of m or n, block of k).
type Held = (isize, usize, usize);
const NOTHING: Held = (0, usize::MAX, usize::MAX);

/// The start of a worker's scratch; the packed blocks of A, then of B, follow.
#[repr(align(64))]
struct Head {
    a: Held,
    b: Held,
}

/// A block of an operand as the kernels see it.
#[derive(Clone, Copy)]
struct Operand {
    from: *const f32,
    /// Step from one row of A, or one strip of B, to the next, and from one k to the next.
    next: isize,
    k: isize,
    packed: bool,
}

struct Call {
    isa: InstructionSet,
    a: *const f32,
    b: *const f32,
    c: *mut f32,
    scratch: *mut u8,
    scale: f32,
    accumulate: bool,
    plan: Plan,
}

// SAFETY: the operands are only read through `a` and `b`; through `c` and `scratch` each task writes its own part.
unsafe impl Sync for Call {}

impl Call {
    fn head(&self, worker: usize) -> *mut Head {
        self.scratch.wrapping_add(worker * scratch_bytes(self.isa)).cast()
    }

    /// One block of C, one block of k.
    ///
    /// # Safety
    /// As [`contract_with`]; no other thread is in this block or has this worker number.
    unsafe fn block(&self, block: usize, step: usize, worker: usize) {
        let plan = &self.plan;
        let (beside, rest) = (block % plan.beside.extent, block / plan.beside.extent);
        let (i, rest) = (rest % plan.m_blocks, rest / plan.m_blocks);
        let (j, outer) = (rest % plan.n_blocks, rest / plan.n_blocks);
        let (a_outer, b_outer, c_outer) = plan.outer.offsets(outer);
        let step_beside = |step: isize| beside as isize * step;
        let (a_outer, b_outer) = (a_outer + step_beside(plan.beside.a), b_outer + step_beside(plan.beside.b));
        let c_outer = c_outer + step_beside(plan.beside.c);
        let (m_from, n_from) = (i * plan.m_block, j * plan.n_block);
        let m = plan.m_block.min(plan.m.extent - m_from);
        let n = plan.n_block.min(plan.n.extent - n_from);
        let (k_from, k) = self.terms(step);
        let (rows, lanes) = (self.isa.rows(), self.isa.lanes());

        let a_from = self.a.wrapping_offset(a_outer + m_from as isize * plan.m.a);
        let b_from = self.b.wrapping_offset(b_outer + n_from as isize * plan.n.b);
        // One flat k, and too few strips of the other operand to repay a copy.
        let flat = plan.outer_k.as_slice().is_empty();
        let in_place = flat && n <= DIRECT_A * lanes;
        let head = self.head(worker);
        let a_scratch = head.wrapping_add(1).cast::<f32>();
        let b_scratch = a_scratch.wrapping_add(M_BLOCK * K_BLOCK);
        let a = if in_place {
            let from = a_from.wrapping_offset(k_from as isize * plan.k.a);
            Operand { from, next: plan.m.a, k: plan.k.a, packed: false }
        } else {
            // SAFETY: the head is this worker's, written before the first task.
            let held = unsafe { &mut (*head).a };
            let wanted = (a_outer, i, step);
            if *held != wanted {
                let side = Side { from: a_from, step: plan.m.a, extent: m, width: rows, k: |dim| dim.a };
                // SAFETY: a block of A, into the scratch's room for one: m <= M_BLOCK rounded to rows, k <= K_BLOCK.
                unsafe { self.pack_block(&side, k_from, k, a_scratch) };
                *held = wanted;
            }
            Operand { from: a_scratch, next: 1, k: rows as isize, packed: true }
        };
        let in_place = flat && plan.n.b == 1 && m <= DIRECT_B * rows && n.is_multiple_of(lanes);
        let b = if in_place {
            let from = b_from.wrapping_offset(k_from as isize * plan.k.b);
            Operand { from, next: 2 * lanes as isize, k: plan.k.b, packed: false }
        } else {
            // SAFETY: the head is this worker's, written before the first task.
            let held = unsafe { &mut (*head).b };
            let wanted = (b_outer, j, step);
            if *held != wanted {
                let side = Side { from: b_from, step: plan.n.b, extent: n, width: 2 * lanes, k: |dim| dim.b };
                // SAFETY: a block of B, into the scratch's room for one: n <= N_BLOCK rounded to columns, k <= K_BLOCK.
                unsafe { self.pack_block(&side, k_from, k, b_scratch) };
                *held = wanted;
            }
            Operand { from: b_scratch, next: (2 * lanes * k) as isize, k: 2 * lanes as isize, packed: true }
        };
        let c = self.c.wrapping_offset(c_outer + m_from as isize * plan.m.c + n_from as isize * plan.n.c);
        // SAFETY: the operands cover m, n and k; the block of C is ours.
        unsafe { self.tiles(a, b, c, [m, n, k], self.accumulate || step > 0) };
    }

    /// The flat k that block number `step` starts at, and how many it has.
    fn terms(&self, step: usize) -> (usize, usize) {
        let all = self.plan.k.extent * self.plan.outer_k.count();
        let from = step * self.plan.k_block;
        (from, self.plan.k_block.min(all - from))
    }

    /// All tiles of one block.
    ///
    /// # Safety
    /// `a` has m rows and k terms, `b` n columns (in strips) and k terms, and the m by n block of C at `c` is the
    /// caller's to write.
    unsafe fn tiles(&self, a: Operand, b: Operand, c: *mut f32, [m, n, k]: [usize; 3], add: bool) {
        let (plan, isa) = (&self.plan, self.isa);
        let (rows, lanes) = (isa.rows(), isa.lanes());
        for (strip, j) in (0..n).step_by(2 * lanes).enumerate() {
            let columns = (n - j).min(2 * lanes);
            let vectors = columns.div_ceil(lanes);
            let whole = plan.n.c == 1 && columns == vectors * lanes;
            let full = isa.kernel(rows, vectors, a.packed);
            for i in (0..m).step_by(rows) {
                let high = (m - i).min(rows);
                let kernel = if high == rows { full } else { isa.kernel(high, vectors, a.packed) };
                let a_from =
                    if a.packed { a.from.wrapping_add(i * k) } else { a.from.wrapping_offset(i as isize * a.next) };
                let tile = Tile {
                    k,
                    a: a_from,
                    a_row: a.next,
                    a_k: a.k,
                    b: b.from.wrapping_offset(strip as isize * b.next),
                    b_k: b.k,
                    c: c.wrapping_offset(i as isize * plan.m.c + j as isize * plan.n.c),
                    c_row: plan.m.c,
                    scale: self.scale,
                    add,
                };
                // SAFETY: the tile lies inside the block; `contract_with` checked the instruction set.
                unsafe {
                    if whole {
                        kernel(&tile);
                    } else {
                        self.scatter(kernel, tile, high, columns);
                    }
                }
            }
        }
    }

    /// A tile whose columns are not a whole number of vectors, or not side by side in C: by way of the stack.
    ///
    /// # Safety
    /// As [`Kernel`], of C only the `high` by `columns` elements at the plan's steps.
    unsafe fn scatter(&self, kernel: Kernel, tile: Tile, high: usize, columns: usize) {
        #[repr(align(64))]
        struct Sums([f32; MOST_ROWS * MOST_COLUMNS]);
        let mut sums = Sums([0.0; MOST_ROWS * MOST_COLUMNS]);
        let (m_step, n_step) = (self.plan.m.c, self.plan.n.c);
        // SAFETY: `sums` has room for the largest tile; the operands are the caller's promise.
        unsafe { kernel(&Tile { c: sums.0.as_mut_ptr(), c_row: MOST_COLUMNS as isize, add: false, ..tile }) };
        let put = |i: usize, j: usize| {
            let sum = sums.0[i * MOST_COLUMNS + j];
            // SAFETY: element (i, j) of C, by the caller's promise.
            unsafe {
                let c = tile.c.offset(i as isize * m_step + j as isize * n_step);
                *c = if tile.add { *c + sum } else { sum };
            }
        };
        if m_step.unsigned_abs() < n_step.unsigned_abs() {
            (0..columns).for_each(|j| (0..high).for_each(|i| put(i, j)));
        } else {
            (0..high).for_each(|i| (0..columns).for_each(|j| put(i, j)));
        }
    }

    /// Packs `k` flat terms from `k_from` on of all strips of a block.
    ///
    /// # Safety
    /// The block is in bounds of its operand; `out` has room for the extent rounded up to the width, times `k`.
    unsafe fn pack_block(&self, side: &Side, k_from: usize, k: usize, out: *mut f32) {
        let axis = &self.plan.k;
        for at in (0..side.extent).step_by(side.width) {
            let wide = (side.extent - at).min(side.width);
            let strip_from = side.from.wrapping_offset(at as isize * side.step);
            let mut done = 0;
            while done < k {
                let (outer, inner) = ((k_from + done) / axis.extent, (k_from + done) % axis.extent);
                let run = (k - done).min(axis.extent - inner);
                let mut offset = inner as isize * (side.k)(axis);
                let mut rest = outer;
                for dim in self.plan.outer_k.as_slice().iter().rev() {
                    offset += (rest % dim.extent) as isize * (side.k)(dim);
                    rest /= dim.extent;
                }
                let from = strip_from.wrapping_offset(offset);
                let strip = Strip { from, w_step: side.step, k_step: (side.k)(axis), wide, k: run };
                // SAFETY: a run of the strip inside the block, to its place in `out`.
                unsafe { pack(self.isa, side.width, strip, out.add(at * k + done * side.width)) };
                done += run;
            }
        }
    }
}

/// One operand's block, to be packed.
struct Side {
    from: *const f32,
    /// Step along m or n.
    step: isize,
    extent: usize,
    width: usize,
    /// The operand's step of a dim of k.
    k: fn(&Dim) -> isize,
}

/// A is read in place up to this many vectors of columns.
const DIRECT_A: usize = 2;
/// B is read in place up to this many tiles of rows.
const DIRECT_B: usize = 2;

#[cfg(test)]
#[path = "contract_tests.rs"]
mod tests;
