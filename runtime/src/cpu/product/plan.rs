//! From the indices of a contraction to one matrix product in a loop, cut into tasks.
//!
//! Everything here is a function of the contraction and the instruction set, never of the number of threads; the split
//! of k does not even depend on the instruction set. Nothing is read, written or allocated.

use crease_core::kernel::Contract;

use super::dims::Dims;
use super::spec::{Contraction, Dim};
use crate::cpu::tile::instructions::InstructionSet;

/// Most of k summed in registers before C is touched.
pub(super) const K_BLOCK: usize = 256;
/// Most rows of A packed at a time; a multiple of every tile's rows.
pub(super) const M_BLOCK: usize = 192;
/// Most columns of B packed at a time; a multiple of every tile's columns.
pub(super) const N_BLOCK: usize = 1024;

/// Blocks are halved while there are fewer than the first number and they have more multiply-adds than the second: large
/// problems are to feed many threads evenly, small ones several threads without packing too much twice.
const SPLIT: [(usize, usize); 2] = [(40, 1 << 22), (16, 1 << 19)];
/// Blocks are put together until a task has this many multiply-adds.
const TASK_WORK: usize = 1 << 19;
/// Putting together stops at this many tasks.
const ENOUGH_TASKS: usize = 64;
/// Numbers between rows whose addresses the processor keeps no record of all at once.
const FAR_ROWS: usize = 1 << 16;
/// Blocks of A that share a block of B stay in one task up to this many.
const SHARED_B: usize = 8;

/// A contraction as `outer` times a product of an m by k and a k by n matrix, cut into blocks.
pub(super) struct Plan {
    /// The operand in common lies along the columns of tiles, not along their rows.
    pub(super) swapped: bool,
    /// Products that follow each other share their rows, not their columns.
    hold_rows: bool,
    /// Several blocks have the same rows.
    pub(super) shares_rows: bool,
    /// Along the rows of tiles.
    pub(super) m: Dim,
    /// Along the columns of tiles.
    pub(super) n: Dim,
    pub(super) k: Dim,
    /// Around the product, one product after another; independent.
    pub(super) outer: Dims,
    /// Like `outer`, but run through for each block: products that share cache lines.
    pub(super) beside: Dim,
    /// Around `k`: the sum runs over these and `k` as one flat index, `k` fastest.
    pub(super) outer_k: Dims,
    pub(super) m_block: usize,
    pub(super) n_block: usize,
    pub(super) k_block: usize,
    pub(super) m_blocks: usize,
    pub(super) n_blocks: usize,
    pub(super) k_blocks: usize,
    /// Blocks in all.
    pub(super) blocks: usize,
    /// Consecutive blocks in one task.
    pub(super) blocks_per_task: usize,
}

impl Plan {
    /// `None` where there is nothing to write.
    pub(super) fn new(spec: &Contraction<'_>, isa: InstructionSet) -> Option<Self> {
        // Every sum's operand steps where the first one's does, every result where the first one does.
        let (a, b, c) = (0, spec.parts[0].sums.start, spec.parts[0].store);
        let (mut m, mut n, mut k) = (Dims::new(spec.m), Dims::new(spec.n), Dims::new(spec.k));
        debug_assert!(m.as_slice().iter().all(|dim| dim.steps[b] == 0), "m is no index of b");
        debug_assert!(n.as_slice().iter().all(|dim| dim.steps[a] == 0), "n is no index of a");
        debug_assert!(k.as_slice().iter().all(|dim| dim.steps[c] == 0), "k is no index of c");
        // A batch index that only one operand has makes that operand's matrix longer.
        let mut batch = Dims::NONE;
        for dim in Dims::new(spec.batch).as_slice() {
            match (dim.steps[a], dim.steps[b]) {
                (_, 0) => m.push(*dim),
                (0, _) => n.push(*dim),
                _ => batch.push(*dim),
            }
        }
        if [&batch, &m, &n].into_iter().any(|dims| dims.count() == 0) {
            return None;
        }
        if k.count() == 0 {
            if spec.parts.iter().all(|part| part.accumulate) {
                return None;
            }
            k = Dims::NONE;
            k.push(Dim { extent: 0, ..Dim::ONE });
        }
        [&mut batch, &mut m, &mut n, &mut k].into_iter().for_each(Dims::merge);
        let (mut m, mut n, mut k) = (m.or_one(), n.or_one(), k.or_one());

        let k_axis = (0..k.len).rev().max_by_key(|&i| {
            let dim = &k.at[i];
            dim.extent * if dim.steps[a] == 1 || dim.steps[b] == 1 { 2 } else { 1 }
        });
        let k_axis = k.remove(k_axis.expect("k has a dim"));
        let terms = k_axis.extent * k.count();

        let (mut best, mut least) = ((false, false, 0, 0), f64::INFINITY);
        for swapped in [false, true] {
            let (rows, columns, operands) = if swapped { (&n, &m, [b, a]) } else { (&m, &n, [a, b]) };
            for i in 0..rows.len {
                for j in 0..columns.len {
                    let (row, column) = (rows.at[i], columns.at[j]);
                    // Products that share their rows, and products that share their columns.
                    let (same_rows, same_columns) = (columns.count() / column.extent, rows.count() / row.extent);
                    let products = batch.count() * same_rows * same_columns;
                    let [whole, by_rows, by_columns] = cycles(isa, [row, column, k_axis], (operands, c), terms);
                    let hold_columns = by_rows + by_columns / same_columns as f64;
                    let hold_rows = by_rows / same_rows as f64 + by_columns;
                    let cycles = (whole + hold_columns.min(hold_rows)) * products as f64;
                    if cycles < least {
                        (best, least) = ((swapped, hold_rows < hold_columns, i, j), cycles);
                    }
                }
            }
        }
        let (swapped, hold_rows, i, j) = best;
        if swapped {
            std::mem::swap(&mut m, &mut n);
        }
        let held = if swapped == hold_rows { b } else { a };
        let (m_axis, n_axis) = (m.remove(i), n.remove(j));
        let mut outer = batch;
        m.as_slice().iter().chain(n.as_slice()).for_each(|dim| outer.push(*dim));
        // The longest steps in C outermost, and what leaves the operand in place that is held innermost.
        let far = |dim: &Dim| (dim.steps[held] == 0, std::cmp::Reverse(dim.steps[c].unsigned_abs()));
        outer.at[..outer.len].sort_unstable_by_key(far);
        let beside = outer.split_beside([a, b, c]);
        Some(Self::cut(isa, spec, (swapped, hold_rows), [m_axis, n_axis, k_axis], (outer, beside), k))
    }

    /// Where block number `block` is: its product, which of those beside each other, its block of m and of n.
    pub(super) fn place(&self, block: usize) -> (usize, usize, usize, usize) {
        let (beside, rest) = (block % self.beside.extent, block / self.beside.extent);
        if self.hold_rows {
            let (j, rest) = (rest % self.n_blocks, rest / self.n_blocks);
            let products = self.outer.count();
            return (rest % products, beside, rest / products, j);
        }
        let (i, rest) = (rest % self.m_blocks, rest / self.m_blocks);
        (rest / self.n_blocks, beside, i, rest % self.n_blocks)
    }

    fn cut(
        isa: InstructionSet,
        spec: &Contraction<'_>,
        (swapped, hold_rows): (bool, bool),
        [m, n, k]: [Dim; 3],
        around: (Dims, Dim),
        outer_k: Dims,
    ) -> Self {
        let (outer, beside) = around;
        let (rows, columns) = (isa.rows(), 2 * isa.lanes());
        let terms = k.extent * outer_k.count();
        // What is done to whole rows or sums has all of k at once, and so has what is rounded when it is stored, if there
        // is room for it.
        let at_once = spec.does_more() || spec.rounds() && terms <= Contract::TERMS as usize;
        let k_blocks = if at_once { 1 } else { terms.div_ceil(K_BLOCK).max(1) };
        let k_block = terms.div_ceil(k_blocks);
        let products = outer.count() * beside.extent;
        let sums = spec.sums();
        let (row_operands, column_operands) = if swapped { (sums, 1) } else { (1, sums) };
        let most = |block: usize, operands: usize| block.min(block * K_BLOCK / (k_block * operands).max(1));

        let mut m_block = even(m.extent, most(M_BLOCK, row_operands), rows);
        let mut n_block = even(n.extent, most(N_BLOCK, column_operands), columns);
        let few = |m_block: usize, n_block: usize| {
            let blocks = products * m.extent.div_ceil(m_block) * n.extent.div_ceil(n_block);
            let work = m_block * n_block * terms * sums;
            SPLIT.iter().any(|&(enough, small)| blocks < enough && work > small)
        };
        while few(m_block, n_block) && m_block >= 8 * rows {
            m_block = even(m.extent, m_block / 2, rows);
        }
        while few(m_block, n_block) && n_block >= 8 * columns {
            n_block = even(n.extent, n_block / 2, columns);
        }
        let (m_blocks, n_blocks) = (m.extent.div_ceil(m_block), n.extent.div_ceil(n_block));
        let blocks = products * m_blocks * n_blocks;
        let work = (m_block * n_block * terms * sums).max(1);
        let mut blocks_per_task = (TASK_WORK / work).min(blocks / ENOUGH_TASKS).max(1);
        blocks_per_task = blocks_per_task.next_multiple_of(beside.extent);
        if !hold_rows && m_blocks <= SHARED_B && blocks / (m_blocks * beside.extent) >= ENOUGH_TASKS {
            blocks_per_task = blocks_per_task.next_multiple_of(m_blocks * beside.extent);
        }
        let along_rows = if swapped { spec.parts[0].sums.start } else { 0 };
        let again = |dim: &Dim| dim.extent > 1 && dim.steps[along_rows] == 0;
        let shares_rows = n_blocks > 1 || again(&beside) || outer.as_slice().iter().any(again);
        Self {
            swapped,
            hold_rows,
            shares_rows,
            m,
            n,
            k,
            outer,
            beside,
            outer_k,
            m_block,
            n_block,
            k_block,
            m_blocks,
            n_blocks,
            k_blocks,
            blocks,
            blocks_per_task,
        }
    }
}

/// The block for `extent` cut into as few and as even blocks of at most `most` as there are, a multiple of `step`.
fn even(extent: usize, most: usize, step: usize) -> usize {
    let most = (most / step * step).max(step);
    extent.div_ceil(extent.div_ceil(most)).next_multiple_of(step)
}

/// A rough count of cycles for one product, to choose axes by: multiply-adds with their padding and stores, then packing
/// rows, then packing columns. `operands` are those along rows and along columns, `c` the result.
fn cycles(isa: InstructionSet, [m, n, k]: [Dim; 3], (operands, c): ([usize; 2], usize), terms: usize) -> [f64; 3] {
    let lanes = isa.lanes();
    let padded = m.extent.next_multiple_of(isa.rows()) * n.extent.next_multiple_of(lanes);
    let pack = |dim: Dim, operand: usize| {
        let unit = dim.steps[operand] == 1 || k.steps[operand] == 1;
        (dim.extent * terms) as f64 * if unit { 0.6 } else { 2.0 }
    };
    // Each number on a cache line of its own, then on a page of its own, costs what fetching those does.
    let store = match n.steps[c].unsigned_abs() {
        1 => 2.0 / lanes as f64,
        0..16 => 1.5,
        16..1024 => 4.0,
        _ => 12.0,
    };
    // So does every row of a tile whose rows are that far apart that each looks up its own place in memory.
    let strips = (m.extent * n.extent.div_ceil(2 * lanes)) as f64;
    let apart = if m.steps[c].unsigned_abs() >= FAR_ROWS { 150.0 * strips } else { 0.0 };
    let products = (padded * terms) as f64 / (2 * lanes) as f64;
    [products + apart + (m.extent * n.extent) as f64 * store, pack(m, operands[0]), pack(n, operands[1])]
}
