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

use crease_core::ir::Format;

use super::ahead::Ahead;
pub use super::contract_plan::MOST_DIMS;
use super::contract_plan::{K_BLOCK, M_BLOCK, N_BLOCK, Plan};
use super::elements::Elements;
pub use super::micro::InstructionSet;
use super::micro::{Kernel, Tile};
use super::normalize::{Affine, normalize};
use super::pack::{Strip, pack};
use super::pool::Pool;
use super::tile::{Corner, Registers};
use super::tile_program::TileProgram;

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
    /// What each operand and result is kept in, by its number.
    pub formats: &'a [Format],
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
    /// Whether it does more than multiply and add.
    pub(super) fn does_more(&self) -> bool {
        self.norm.is_some() || self.parts.iter().any(|part| part.after.is_some())
    }

    /// Whether a result is rounded when it is stored.
    pub(super) fn rounds(&self) -> bool {
        self.parts.iter().any(|part| !self.formats[part.store].is_single())
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
/// `operands` are the first elements of each operand and result by number, of the formats that the contraction says. Every element the contraction names is in
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

impl Operand {
    /// Where row `i`, the first of a strip, begins.
    fn row(&self, i: usize, k: usize) -> *const f32 {
        match self.packed {
            true => self.from.wrapping_add(i * k),
            false => self.from.wrapping_offset(i as isize * self.next),
        }
    }
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
        let terms = (k_from, k);

        let operand = along_columns.first();
        let is_single = |operand: usize| self.spec.formats[operand].is_single();
        let b = if alone
            && is_single(operand)
            && plan.n.steps[operand] == 1
            && m <= DIRECT_COLUMNS * rows
            && n.is_multiple_of(lanes)
        {
            let from = self.at(operand, around, n_from as isize + k_place * plan.k.steps[operand]).address();
            Operand { from, next: 2 * lanes as isize, k: plan.k.steps[operand], packed: false, sum: 0 }
        } else {
            let (width, room) = (2 * lanes, plan.n_block * k);
            let side = Side { operands: along_columns, axis: &plan.n, from: n_from, extent: n, width, room };
            // SAFETY: the head is this worker's, written before the first task; the scratch after it has room for the
            // blocks of rows and of columns, as `contract_with` checked.
            unsafe {
                if self.is_new(&side, around, (j, step), &mut (*head).columns) {
                    self.pack_side(&side, around, terms, column_scratch);
                }
            }
            Operand { from: column_scratch, next: (width * k) as isize, k: width as isize, packed: true, sum: room }
        };
        let operand = along_rows.first();
        let (next, k_step) = (plan.m.steps[operand], plan.k.steps[operand]);
        let side =
            Side { operands: along_rows, axis: &plan.m, from: m_from, extent: m, width: rows, room: plan.m_block * k };
        let (a, new) = if alone && is_single(operand) && n <= DIRECT_ROWS * lanes {
            let from = self.at(operand, around, m_from as isize * next + k_place * k_step).address();
            (Operand { from, next, k: k_step, packed: false, sum: 0 }, false)
        } else {
            // SAFETY: as for the columns.
            let new = unsafe { self.is_new(&side, around, (i, step), &mut (*head).rows) };
            (Operand { from: row_scratch, next: 1, k: rows as isize, packed: true, sum: side.room }, new)
        };

        let mut corners = [Corner::NOWHERE; MOST_STEPS];
        for operand in parts.iter().flat_map(|part| part.loads.clone().chain([part.store])) {
            let (row, column) = (plan.m.steps[operand], plan.n.steps[operand]);
            let from = self.at(operand, around, m_from as isize * row + n_from as isize * column);
            corners[operand] = Corner { from, row, column };
        }
        let mut registers = Registers::new();
        registers.clear(parts.iter().map(|part| part.sums.len()).max().unwrap_or(0));
        let tiles = n.div_ceil(2 * lanes) * self.spec.sums();
        // Neighbors along a block of rows share lines: they are packed together, not each strip as it is used.
        let wide = new && next == 1 && k_step != 1;
        if wide {
            // SAFETY: as for the columns.
            unsafe { self.pack_side(&side, around, terms, row_scratch) };
        }
        // A strip that no other block needs gives its place, which stays in the nearest cache, to the next one.
        let once = new && !wide && !plan.shares_rows;
        if once {
            // SAFETY: this worker's own.
            unsafe { (*head).rows = NOTHING };
        }
        for at in (0..m).step_by(rows) {
            let slot = if once { 0 } else { at };
            // The rows after these come from far while these are in use.
            let mut ahead = Ahead::NONE;
            if new && !wide {
                // SAFETY: as for the columns.
                unsafe { self.pack_strip(&side, around, at, terms, row_scratch.wrapping_add(slot * k)) };
                if m_from + at + 2 * rows <= plan.m.extent {
                    ahead = self.ahead(&side, around, at + rows, terms, tiles * k);
                }
            }
            let mut sum = 0;
            for part in parts {
                let shift = |operand: Operand, several: bool| {
                    let by = if several { sum * operand.sum } else { 0 };
                    Operand { from: operand.from.wrapping_add(by), ..operand }
                };
                let (a, b) = (shift(a, plan.swapped), shift(b, !plan.swapped));
                let a = Operand { from: a.row(slot, k), ..a };
                let high = (m - at).min(rows);
                // SAFETY: the operands cover these rows, n and k of the part's sums; its block of the result is ours.
                unsafe { self.tiles(part, a, b, &corners, &mut registers, (at, high), [n, k], step > 0, &mut ahead) };
                sum += part.sums.len();
            }
        }
    }

    /// An element of an operand: of the product numbered so, so many elements further.
    fn at(&self, operand: usize, (outer, beside): (usize, usize), further: isize) -> Elements {
        let product = self.plan.outer.offset(outer, operand) + beside as isize * self.plan.beside.steps[operand];
        Elements::new(self.operands[operand], self.spec.formats[operand]).further(product + further)
    }

    /// The flat k that block number `step` starts at, and how many it has.
    fn terms(&self, step: usize) -> (usize, usize) {
        let all = self.plan.k.extent * self.plan.outer_k.count();
        let from = step * self.plan.k_block;
        (from, self.plan.k_block.min(all - from))
    }

    /// The tiles of some rows of a block of a part.
    ///
    /// # Safety
    /// From the first of the rows on and along columns, the operands of the part's first sum have the rows and n columns
    /// (in strips) of k terms, those of further sums follow; the rows by n block of the result is the caller's to write.
    #[expect(clippy::too_many_arguments, reason = "where a row of tiles is, on each axis")]
    unsafe fn tiles(
        &self,
        part: &Part,
        a: Operand,
        b: Operand,
        corners: &[Corner; MOST_STEPS],
        registers: &mut Registers,
        (i, high): (usize, usize),
        [n, k]: [usize; 2],
        more: bool,
        ahead: &mut Ahead,
    ) {
        let (plan, isa) = (&self.plan, self.isa);
        let (lanes, pitch) = (isa.lanes(), 2 * isa.lanes());
        let (result, loads) = (corners[part.store], &corners[part.loads.clone()]);
        let add = part.accumulate || more;
        for j in (0..n).step_by(pitch) {
            let columns = (n - j).min(pitch);
            let vectors = columns.div_ceil(lanes);
            let kernel: Kernel = isa.kernel(high, vectors, a.packed);
            let tile = |sum: usize, c: *mut f32, c_row: isize, add: bool| {
                let (a_sum, b_sum) = if plan.swapped { (sum * a.sum, 0) } else { (0, sum * b.sum) };
                let a_from = a.from.wrapping_add(a_sum);
                let b_from = b.from.wrapping_add(b_sum).wrapping_offset((j / pitch) as isize * b.next);
                let add = add.then_some((c.cast_const(), c_row));
                Tile { k, a: a_from, a_row: a.next, a_k: a.k, b: b_from, b_k: b.k, c, c_row, add }
            };
            let at = result.tile(i, j);
            // SAFETY: the tiles lie inside the block; `contract_with` checked the instruction set. Registers have room
            // for the largest tile, and the corners' elements there are in bounds.
            unsafe {
                if part.after.is_none() && at.from.is_single() && result.column == 1 && columns == vectors * lanes {
                    kernel(&tile(0, at.from.address(), result.row, add), ahead);
                    continue;
                }
                at.prefetch(high);
                loads.iter().for_each(|load| load.tile(i, j).prefetch(high));
                for sum in 0..part.sums.len() {
                    kernel(&tile(sum, registers.sum(sum), pitch as isize, false), ahead);
                }
                match &part.after {
                    None => registers.put_sum(isa, at, (high, columns), add),
                    Some(program) => program.run(isa, registers, loads, (i, j), (high, columns), at),
                }
            }
        }
    }

    /// What the strip at `at` will be packed from, to be fetched while so many terms are summed, where it is runs of k.
    fn ahead(
        &self,
        side: &Side<'_>,
        around: (usize, usize),
        at: usize,
        (k_from, k): (usize, usize),
        terms: usize,
    ) -> Ahead {
        let (axis, operand) = (&self.plan.k, side.operands.first());
        let step = side.axis.steps[operand];
        let blocks = match self.plan.outer_k.as_slice() {
            [] => (1, 0),
            [outer] if k == axis.extent * outer.extent => (outer.extent, outer.steps[operand]),
            _ => return Ahead::NONE,
        };
        if axis.steps[operand] != 1 || k == 0 || !self.spec.formats[operand].is_single() {
            return Ahead::NONE;
        }
        let from = self.at(operand, around, (side.from + at) as isize * step + (k_from % axis.extent) as isize);
        Ahead::new(from.address(), k.min(axis.extent), (side.width, step), blocks, terms)
    }

    /// Whether a side's block is another one than the scratch holds, which is noted as held from now on.
    fn is_new(
        &self,
        side: &Side<'_>,
        (outer, beside): (usize, usize),
        (block, step): (usize, usize),
        held: &mut Held,
    ) -> bool {
        let (plan, first) = (&self.plan, side.operands.first());
        let beside_moves = plan.beside.steps[first] != 0;
        let place = plan.outer.place(outer, first) * plan.beside.extent + if beside_moves { beside } else { 0 };
        let wanted = (place, block, step);
        std::mem::replace(held, wanted) != wanted
    }

    /// Packs all strips of each of a side's blocks.
    ///
    /// # Safety
    /// As [`Self::pack_strip`].
    unsafe fn pack_side(&self, side: &Side<'_>, around: (usize, usize), terms: (usize, usize), out: *mut f32) {
        for at in (0..side.extent).step_by(side.width) {
            // SAFETY: the caller's promise, for this strip.
            unsafe { self.pack_strip(side, around, at, terms, out.wrapping_add(at * terms.1)) };
        }
    }

    /// Packs the strip at `at` of each of a side's blocks, `k` flat terms from `k_from` on, to `out` in the first one.
    ///
    /// # Safety
    /// The blocks are in bounds of their operands; `out` has room for them, each a whole number of strips wide.
    unsafe fn pack_strip(
        &self,
        side: &Side<'_>,
        around: (usize, usize),
        at: usize,
        (k_from, k): (usize, usize),
        mut out: *mut f32,
    ) {
        let axis = &self.plan.k;
        let wide = (side.extent - at).min(side.width);
        side.operands.visit(|operand| {
            let w_step = side.axis.steps[operand];
            let strip_from = self.at(operand, around, (side.from + at) as isize * w_step);
            let mut done = 0;
            while done < k {
                let (outer, inner) = ((k_from + done) / axis.extent, (k_from + done) % axis.extent);
                let run = (k - done).min(axis.extent - inner);
                let offset = inner as isize * axis.steps[operand] + self.plan.outer_k.offset(outer, operand);
                let from = strip_from.further(offset);
                let strip = Strip { from, w_step, k_step: axis.steps[operand], wide, k: run };
                // SAFETY: a run of the strip inside the block, to its place in `out`.
                unsafe { pack(self.isa, side.width, strip, out.add(done * side.width)) };
                done += run;
            }
            if let (SideOperands::Common, Some(norm)) = (side.operands, &self.spec.norm) {
                let from = |operand: usize| Elements::new(self.operands[operand], self.spec.formats[operand]);
                let affine = |operand: Option<usize>| operand.map(|o| Affine { from: from(o), step: axis.steps[o] });
                let (scale, offset) = (affine(norm.scale), affine(norm.offset));
                // SAFETY: a packed strip of whole rows; scale and offset have a number for each k.
                unsafe { normalize(self.isa, side.width, out, k, norm.epsilon, scale, offset) };
            }
            out = out.wrapping_add(side.room);
        });
    }
}

/// Rows are read in place up to this many vectors of columns.
const DIRECT_ROWS: usize = 2;
/// Columns are read in place up to this many tiles of rows.
const DIRECT_COLUMNS: usize = 2;

#[cfg(test)]
#[path = "contract_tests.rs"]
mod tests;
