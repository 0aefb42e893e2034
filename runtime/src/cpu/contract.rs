//! General contraction of strided f32 tensors: every einsum of two operands, without a copy of either, and several at
//! once that have an operand in common. Rows of that operand may be normalized first, sums be put through an expression
//! before they are stored.
//!
//! The indices are merged and one of each kind is chosen as an axis of a matrix product; the rest become loops
//! (`contract_plan`). Tasks pack blocks of the operands into their worker's scratch (`pack`, `normalize`), run register
//! tiles over them (`micro`) and finish these (`tile_program`). Nothing is allocated: scratch is the caller's, so that
//! the memory plan knows it. Each element of a result is the same sum in the same order whatever the number of threads
//! or the instruction set.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use std::ops::Range;

pub use super::contract_plan::MOST_DIMS;
use super::contract_plan::{K_BLOCK, M_BLOCK, N_BLOCK, Plan};
pub use super::micro::InstructionSet;
use super::micro::{Kernel, Tile};
use super::normalize::{Affine, normalize};
use super::pack::{Strip, pack};
use super::pool::Pool;
use super::tile_program::{Corner, Registers, TileProgram};

/// Most operands and results of one contraction.
pub const MOST_STEPS: usize = crease_core::kernel::Contract::OPERANDS;

/// One index of a contraction: its extent and its element stride in each operand and result (0 where that lacks it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dim {
    /// How many values the index takes.
    pub extent: usize,
    /// Step in each operand and result, by its number; the operand in common is number 0.
    pub steps: [isize; MOST_STEPS],
}

impl Dim {
    /// An index with one value.
    pub const ONE: Self = Self { extent: 1, steps: [0; MOST_STEPS] };
}

/// For each part `store[batch, m, n] = after(sum over k of f(a)[batch, m, k] * b[batch, k, n], ..)`; each group has at
/// most [`MOST_DIMS`] indices, in any order. An index of `m` has no step in any b, of `n` none in a, of `k` none in a
/// result.
#[derive(Clone, Copy, Debug)]
pub struct Contraction<'a> {
    /// Indices of the results and of a or the b or both.
    pub batch: &'a [Dim],
    /// Indices of a and the results.
    pub m: &'a [Dim],
    /// Indices of the b and the results.
    pub n: &'a [Dim],
    /// Indices summed over; with a norm at most one.
    pub k: &'a [Dim],
    /// The norm f of the rows of a.
    pub norm: Option<Norm>,
    /// The results, at least one.
    pub parts: &'a [Part],
}

/// `(x - mean) / sqrt(variance + epsilon) * scale + offset`.
#[derive(Clone, Copy, Debug)]
pub struct Norm {
    /// Added to the variance.
    pub epsilon: f32,
    /// The number of the operand that scales.
    pub scale: Option<usize>,
    /// The number of the operand that is added.
    pub offset: Option<usize>,
}

/// One result: the numbers of its operands.
#[derive(Clone, Debug)]
pub struct Part {
    /// The b of each of its sums.
    pub sums: Range<usize>,
    /// What the program loads.
    pub loads: Range<usize>,
    /// What is done to the sums; none for a single sum that is stored as it is.
    pub after: Option<TileProgram>,
    /// The result.
    pub store: usize,
    /// Add to the result instead of overwriting it; only where nothing is done to the sum.
    pub accumulate: bool,
}

impl Contraction<'_> {
    /// Whether it multiplies and adds and does nothing else.
    pub(super) fn only_sums(&self) -> bool {
        self.norm.is_none() && self.parts.iter().all(|part| part.after.is_none())
    }

    /// How many sums it computes for each place.
    pub(super) fn sums(&self) -> usize {
        self.parts.iter().map(|part| part.sums.len()).sum()
    }
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
/// `operands` are the first elements of each operand and result by number. Every element the contraction names is in
/// bounds for the whole call, nobody else writes them or touches the results. No two index tuples name the same element
/// of a result, and a result overlaps nothing else but for an operand that only its own program loads, element by
/// element. `scratch` is a multiple of 64, is the call's alone, and has [`scratch_bytes_per_thread`] bytes for each
/// thread of the pool.
pub unsafe fn contract(pool: &Pool, spec: &Contraction<'_>, operands: &[*mut f32], scratch: *mut u8) {
    // SAFETY: the caller's promise, passed on; the instruction set was detected.
    unsafe { contract_with(InstructionSet::detect(), pool, spec, operands, scratch) }
}

/// [`contract`] with the instructions given.
///
/// # Safety
/// As [`contract`], with [`scratch_bytes`] for `isa`.
///
/// # Panics
/// If the machine lacks `isa`, if `scratch` is not a multiple of 64, if a group has too many indices, or if more than
/// [`crease_core::kernel::Contract::TERMS`] are summed where that limits it.
pub unsafe fn contract_with(
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

/// Which blocks a worker's scratch holds: (place among the products, block of m or n, block of k).
type Held = (usize, usize, usize);
const NOTHING: Held = (0, usize::MAX, usize::MAX);

/// The start of a worker's scratch; the packed blocks along rows, then along columns, follow.
#[repr(align(64))]
struct Head {
    rows: Held,
    columns: Held,
}

/// A block of an operand as the kernels see it.
#[derive(Clone, Copy)]
struct Operand {
    from: *const f32,
    /// Step from one row, or one strip of columns, to the next, and from one k to the next.
    next: isize,
    k: isize,
    packed: bool,
    /// Step from one sum's block to the next one's.
    sum: usize,
}

/// One side of a block: what lies along the rows, or along the columns, of its tiles.
struct Side<'a> {
    /// The operands, by number: one in common, or one a sum.
    operands: SideOperands<'a>,
    axis: &'a Dim,
    /// First position along the axis, and how many.
    from: usize,
    extent: usize,
    /// Positions in a strip.
    width: usize,
    /// Numbers in a whole block.
    room: usize,
}

#[derive(Clone, Copy)]
enum SideOperands<'a> {
    Common,
    Sums(&'a [Part]),
}

struct Call<'a> {
    isa: InstructionSet,
    spec: &'a Contraction<'a>,
    operands: &'a [*mut f32],
    scratch: *mut u8,
    plan: Plan,
}

// SAFETY: operands are only read but for the results and scratch, of which each task writes its own part.
unsafe impl Sync for Call<'_> {}

impl SideOperands<'_> {
    /// Calls `each` with the number of every operand of the side, in the order of the sums.
    fn visit(self, mut each: impl FnMut(usize)) {
        match self {
            SideOperands::Common => each(0),
            SideOperands::Sums(parts) => parts.iter().flat_map(|part| part.sums.clone()).for_each(each),
        }
    }

    /// The operand by whose steps the side is cut.
    fn first(self) -> usize {
        match self {
            SideOperands::Common => 0,
            SideOperands::Sums(parts) => parts[0].sums.start,
        }
    }
}

impl Call<'_> {
    fn head(&self, worker: usize) -> *mut Head {
        self.scratch.wrapping_add(worker * scratch_bytes(self.isa)).cast()
    }

    /// One block of the results, one block of k.
    ///
    /// # Safety
    /// As [`contract_with`]; no other thread is in this block or has this worker number.
    unsafe fn block(&self, block: usize, step: usize, worker: usize) {
        let (plan, parts) = (&self.plan, self.spec.parts);
        let (outer, beside, i, j) = plan.place(block);
        let around = (outer, beside);
        let (m_from, n_from) = (i * plan.m_block, j * plan.n_block);
        let m = plan.m_block.min(plan.m.extent - m_from);
        let n = plan.n_block.min(plan.n.extent - n_from);
        let (k_from, k) = self.terms(step);
        let (rows, lanes) = (self.isa.rows(), self.isa.lanes());
        let (along_rows, along_columns) = match plan.swapped {
            false => (SideOperands::Common, SideOperands::Sums(parts)),
            true => (SideOperands::Sums(parts), SideOperands::Common),
        };
        // One flat k, one operand, untouched, and too few strips of the other one to repay a copy.
        let alone = plan.outer_k.as_slice().is_empty() && self.spec.norm.is_none() && self.spec.sums() == 1;
        let head = self.head(worker);
        let row_scratch = head.wrapping_add(1).cast::<f32>();
        let column_scratch = row_scratch.wrapping_add(M_BLOCK * K_BLOCK);
        let k_place = k_from as isize;
        let operand = along_rows.first();
        let (next, k_step) = (plan.m.steps[operand], plan.k.steps[operand]);
        let a = if alone && n <= DIRECT_ROWS * lanes {
            let from = self.at(operand, around, m_from as isize * next + k_place * k_step);
            Operand { from, next, k: k_step, packed: false, sum: 0 }
        } else {
            let room = plan.m_block * k;
            let side = Side { operands: along_rows, axis: &plan.m, from: m_from, extent: m, width: rows, room };
            // SAFETY: the head is this worker's, written before the first task; the scratch after it has room for the
            // blocks of rows, as `contract_with` checked.
            unsafe { self.pack_side(&side, around, (i, step), &mut (*head).rows, row_scratch) };
            Operand { from: row_scratch, next: 1, k: rows as isize, packed: true, sum: room }
        };
        let operand = along_columns.first();
        let b = if alone && plan.n.steps[operand] == 1 && m <= DIRECT_COLUMNS * rows && n.is_multiple_of(lanes) {
            let from = self.at(operand, around, n_from as isize + k_place * plan.k.steps[operand]);
            Operand { from, next: 2 * lanes as isize, k: plan.k.steps[operand], packed: false, sum: 0 }
        } else {
            let (width, room) = (2 * lanes, plan.n_block * k);
            let side = Side { operands: along_columns, axis: &plan.n, from: n_from, extent: n, width, room };
            // SAFETY: as for the rows.
            unsafe { self.pack_side(&side, around, (j, step), &mut (*head).columns, column_scratch) };
            Operand { from: column_scratch, next: (width * k) as isize, k: width as isize, packed: true, sum: room }
        };
        let mut sum = 0;
        for part in parts {
            let shift = |operand: Operand, several: bool| {
                let by = if several { sum * operand.sum } else { 0 };
                Operand { from: operand.from.wrapping_add(by), ..operand }
            };
            let (a, b) = (shift(a, plan.swapped), shift(b, !plan.swapped));
            // SAFETY: the operands cover m, n and k of the part's sums; its block of the result is ours.
            unsafe { self.tiles(part, a, b, around, (m_from, n_from), [m, n, k], step > 0) };
            sum += part.sums.len();
        }
    }

    /// An element of an operand: of the product numbered so, so many elements further.
    fn at(&self, operand: usize, (outer, beside): (usize, usize), further: isize) -> *mut f32 {
        let product = self.plan.outer.offset(outer, operand) + beside as isize * self.plan.beside.steps[operand];
        self.operands[operand].wrapping_offset(product + further)
    }

    /// The flat k that block number `step` starts at, and how many it has.
    fn terms(&self, step: usize) -> (usize, usize) {
        let all = self.plan.k.extent * self.plan.outer_k.count();
        let from = step * self.plan.k_block;
        (from, self.plan.k_block.min(all - from))
    }

    /// All tiles of one block of a part.
    ///
    /// # Safety
    /// Along rows and columns the operands of the part's first sum have m rows and n columns (in strips) of k terms,
    /// those of further sums follow; the m by n block of the result is the caller's to write.
    #[expect(clippy::too_many_arguments, reason = "where a block is, on each axis")]
    unsafe fn tiles(
        &self,
        part: &Part,
        a: Operand,
        b: Operand,
        around: (usize, usize),
        (m_from, n_from): (usize, usize),
        [m, n, k]: [usize; 3],
        more: bool,
    ) {
        let (plan, isa) = (&self.plan, self.isa);
        let (rows, lanes) = (isa.rows(), isa.lanes());
        let corner = |operand: usize| {
            let (row, column) = (plan.m.steps[operand], plan.n.steps[operand]);
            let from = self.at(operand, around, m_from as isize * row + n_from as isize * column);
            Corner { from, row, column }
        };
        let result = corner(part.store);
        let mut loads = [result; MOST_STEPS];
        part.loads.clone().zip(&mut loads).for_each(|(operand, load)| *load = corner(operand));
        let loads = &loads[..part.loads.len()];
        let add = part.accumulate || more;
        let mut registers = Registers::new();
        registers.clear(part.sums.len());
        let pitch = 2 * lanes;
        let mut each = |i: usize, j: usize| {
            let (high, columns) = ((m - i).min(rows), (n - j).min(pitch));
            let vectors = columns.div_ceil(lanes);
            let kernel: Kernel = isa.kernel(high, vectors, a.packed);
            let tile = |sum: usize, c: *mut f32, c_row: isize, add: bool| {
                let (a_sum, b_sum) = if plan.swapped { (sum * a.sum, 0) } else { (0, sum * b.sum) };
                let a_from = a.from.wrapping_add(a_sum);
                let a_from = match a.packed {
                    true => a_from.wrapping_add(i * k),
                    false => a_from.wrapping_offset(i as isize * a.next),
                };
                let b_from = b.from.wrapping_add(b_sum).wrapping_offset((j / pitch) as isize * b.next);
                Tile { k, a: a_from, a_row: a.next, a_k: a.k, b: b_from, b_k: b.k, c, c_row, scale: 1.0, add }
            };
            let at = result.tile(i, j);
            // SAFETY: the tiles lie inside the block; `contract_with` checked the instruction set. Registers have room
            // for the largest tile, and the corners' elements there are in bounds.
            unsafe {
                if part.after.is_none() && result.column == 1 && columns == vectors * lanes {
                    return kernel(&tile(0, at.from, result.row, add));
                }
                for sum in 0..part.sums.len() {
                    kernel(&tile(sum, registers.sum(sum), pitch as isize, false));
                }
                match &part.after {
                    None => registers.put_sum(isa, at, (high, columns), add),
                    Some(program) => program.run(isa, &mut registers, loads, (i, j), (high, columns), at),
                }
            }
        };
        (0..n).step_by(pitch).for_each(|j| (0..m).step_by(rows).for_each(|i| each(i, j)));
    }

    /// Packs a side's blocks, unless the scratch holds them already.
    ///
    /// # Safety
    /// The blocks are in bounds of their operands; `out` has room for them, each a whole number of strips wide.
    unsafe fn pack_side(
        &self,
        side: &Side<'_>,
        around: (usize, usize),
        (block, step): (usize, usize),
        held: &mut Held,
        out: *mut f32,
    ) {
        let (plan, first) = (&self.plan, side.operands.first());
        let (outer, beside) = around;
        let beside_moves = plan.beside.steps[first] != 0;
        let place = plan.outer.place(outer, first) * plan.beside.extent + if beside_moves { beside } else { 0 };
        let wanted = (place, block, step);
        if std::mem::replace(held, wanted) == wanted {
            return;
        }
        let (k_from, k) = self.terms(step);
        let mut at = out;
        side.operands.visit(|operand| {
            let from = self.at(operand, around, side.from as isize * side.axis.steps[operand]);
            // SAFETY: this operand's block, to its place.
            unsafe { self.pack_block(side, operand, from, (k_from, k), at) };
            at = at.wrapping_add(side.room);
        });
        if let (SideOperands::Common, Some(norm)) = (side.operands, &self.spec.norm) {
            let affine = |operand: Option<usize>| {
                operand.map(|o| Affine { from: self.operands[o].cast_const(), step: plan.k.steps[o] })
            };
            let (scale, offset) = (affine(norm.scale), affine(norm.offset));
            for strip in (0..side.extent).step_by(side.width) {
                // SAFETY: a packed strip of whole rows; scale and offset have a number for each k.
                unsafe { normalize(self.isa, side.width, out.add(strip * k), k, norm.epsilon, scale, offset) };
            }
        }
    }

    /// Packs `k` flat terms from `k_from` on of all strips of a block that begins at `from`.
    ///
    /// # Safety
    /// The block is in bounds of its operand; `out` has room for the extent rounded up to the width, times `k`.
    unsafe fn pack_block(
        &self,
        side: &Side<'_>,
        operand: usize,
        from: *const f32,
        (k_from, k): (usize, usize),
        out: *mut f32,
    ) {
        let (axis, w_step) = (&self.plan.k, side.axis.steps[operand]);
        for at in (0..side.extent).step_by(side.width) {
            let wide = (side.extent - at).min(side.width);
            let strip_from = from.wrapping_offset(at as isize * w_step);
            let mut done = 0;
            while done < k {
                let (outer, inner) = ((k_from + done) / axis.extent, (k_from + done) % axis.extent);
                let run = (k - done).min(axis.extent - inner);
                let offset = inner as isize * axis.steps[operand] + self.plan.outer_k.offset(outer, operand);
                let from = strip_from.wrapping_offset(offset);
                let strip = Strip { from, w_step, k_step: axis.steps[operand], wide, k: run };
                // SAFETY: a run of the strip inside the block, to its place in `out`.
                unsafe { pack(self.isa, side.width, strip, out.add(at * k + done * side.width)) };
                done += run;
            }
        }
    }
}

/// Rows are read in place up to this many vectors of columns.
const DIRECT_ROWS: usize = 2;
/// Columns are read in place up to this many tiles of rows.
const DIRECT_COLUMNS: usize = 2;

#[cfg(test)]
#[path = "contract_tests.rs"]
mod tests;
