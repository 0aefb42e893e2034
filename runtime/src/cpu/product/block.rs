//! One block of a contraction's results: its operands packed or read in place, and its tiles.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use super::call::{Call, NOTHING};
use super::packing::{Side, SideOperands};
use super::plan::{K_BLOCK, M_BLOCK};
use super::program::registers::{Corner, Registers};
use super::spec::{MOST_STEPS, Part};
use crate::cpu::tile::ahead::Ahead;
use crate::cpu::tile::micro::{Kernel, Tile};

/// Rows are read in place up to this many vectors of columns.
const DIRECT_ROWS: usize = 2;
/// Columns are read in place up to this many tiles of rows.
const DIRECT_COLUMNS: usize = 2;

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

impl Call<'_> {
    /// One block of the results, one block of k.
    ///
    /// # Safety
    /// As [`super::run::contract_with`]; no other thread is in this block or has this worker number.
    pub(super) unsafe fn block(&self, block: usize, step: usize, worker: usize) {
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
}
