//! Attention: for a block of queries the keys go by block by block, and only what the online softmax needs is
//! kept (Milakov and Gimelshein 2018; Dao et al. 2022): the largest logit so far, the sum of exponentials, and
//! the weighted sum of values.
//!
//! A task is one block of queries of one batch. Blocks of keys follow each other in one order, so the bits do
//! not depend on how many threads there are. Nothing is allocated: scratch is the caller's.
//!
//! Where attention is causal a task ends with the keys of its last query, and its rows, a few at a time, with those of
//! the last of them: only logits beside the diagonal are computed and then hidden. Later blocks of queries take longer,
//! so each batch begins with its last one: what is left for the end is short.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use std::ops::Range;

use crease_core::kernel::{Attend, Strides};
use smallvec::SmallVec;

use super::ahead::Ahead;
use super::attend_rows::{LANES, Row, add, put, weigh};
use super::elements::Elements;
use super::micro::{InstructionSet, Tile};
use super::pack::{Strip, pack};
use super::pool::Pool;

const QUERIES: usize = Attend::QUERIES as usize;
const PACKED: usize = Attend::PACKED as usize;
const ROWS: usize = Attend::ROWS as usize;
const KEYS: usize = Attend::KEYS as usize;
const PITCH: usize = Attend::PITCH as usize;
const STRIP: usize = Attend::STRIP as usize;
/// Multiply-adds that a task should have at least.
const TASK_WORK: usize = 1 << 19;

/// One call's memory.
pub(super) struct Operands<'a> {
    /// First elements of q, k, v, the terms added, and the running logarithm where there is one.
    pub(super) loads: &'a [*const f32],
    pub(super) store: *mut f32,
    pub(super) lengths: &'a [u64],
    /// Where each index starts in its full range.
    pub(super) starts: &'a [u64],
    pub(super) scratch: *mut u8,
}

/// Runs an attention over the pool.
///
/// # Safety
/// Every element that the kernel's strides and the lengths name is in bounds of its operand, nobody else writes
/// them meanwhile, and the result overlaps no operand but for the queries, element by element (the channel in
/// the place of the inner index). Scratch is a multiple of 64 with [`Attend::scratch`] bytes a thread. The
/// machine has `isa`.
pub(super) unsafe fn attend(isa: InstructionSet, pool: &Pool, kernel: &Attend, operands: &Operands<'_>) {
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

struct Call<'a> {
    isa: InstructionSet,
    kernel: &'a Attend,
    operands: &'a Operands<'a>,
    /// The index that runs along a block of queries, if any does.
    query: Option<usize>,
    /// The position of the first query less that of the first key, where attention is causal.
    ahead: Option<i64>,
    batches: usize,
    queries: usize,
    keys: usize,
    inner: usize,
    channels: usize,
    /// Channels of a block of sums, whole strips.
    wide: usize,
    bytes: usize,
}

// SAFETY: operands are only read but for the result, the running logarithm and scratch, of which each task has
// its own part.
unsafe impl Sync for Call<'_> {}

/// A worker's scratch.
struct Scratch {
    q: *mut f32,
    k: *mut f32,
    v: *mut f32,
    logits: *mut f32,
    sums: *mut f32,
    rows: *mut Row,
}

/// One row a query, of any operand.
#[derive(Clone, Copy)]
struct Rows {
    from: Elements,
    step: isize,
}

impl Rows {
    fn at(&self, row: usize) -> Elements {
        self.from.further(row as isize * self.step)
    }
}

/// Something added to the logits.
struct Term {
    rows: Rows,
    /// From one key to the next.
    key: isize,
}

/// Where a block's rows end, and begin where keys come slice by slice.
struct Ends {
    result: Rows,
    /// From one channel of the result to the next.
    channel: isize,
    running: Option<Rows>,
}

impl<'a> Call<'a> {
    fn new(isa: InstructionSet, kernel: &'a Attend, operands: &'a Operands<'a>) -> Self {
        let length = |i: usize| operands.lengths[i] as usize;
        let others = (0..kernel.indices).filter(|i| ![kernel.key, kernel.inner, kernel.channel].contains(i));
        // Keys and values are the same for every query of a block.
        let alike = others.clone().filter(|&i| kernel.k[i] == 0 && kernel.v[i] == 0);
        let query = kernel.causal.or(alike.max_by_key(|&i| length(i)));
        let start = |i: usize| operands.starts[i] as i64;
        let batches = others.filter(|i| Some(*i) != query).map(length).product();
        let (inner, channels) = (length(kernel.inner), length(kernel.channel));
        Self {
            isa,
            kernel,
            operands,
            query,
            ahead: kernel.causal.map(|query| start(query) - start(kernel.key)),
            batches,
            queries: query.map_or(1, length),
            keys: length(kernel.key),
            inner,
            channels,
            wide: channels.next_multiple_of(STRIP),
            bytes: Attend::scratch(inner as u64, channels as u64) as usize,
        }
    }

    fn scratch(&self, worker: usize) -> Scratch {
        let q = self.operands.scratch.wrapping_add(worker * self.bytes).cast::<f32>();
        let k = q.wrapping_add(PACKED * self.inner);
        let v = k.wrapping_add(KEYS * self.inner);
        let logits = v.wrapping_add(KEYS * self.wide);
        let sums = logits.wrapping_add(ROWS * PITCH);
        Scratch { q, k, v, logits, sums, rows: sums.wrapping_add(QUERIES * self.wide).cast() }
    }

    /// The first element of an operand in a batch, from its strides.
    fn offset(&self, strides: &[i64], mut batch: usize) -> isize {
        let kernel = self.kernel;
        let mut offset = 0;
        for i in (0..kernel.indices).rev() {
            if [kernel.key, kernel.inner, kernel.channel].contains(&i) || Some(i) == self.query {
                continue;
            }
            let length = self.operands.lengths[i] as usize;
            offset += (batch % length) as isize * strides[i] as isize;
            batch /= length;
        }
        offset
    }

    /// The step of an operand from one query to the next.
    fn query_step(&self, strides: &[i64]) -> isize {
        self.query.map_or(0, |i| strides[i] as isize)
    }

    /// An operand with a row a query: the row of query `first` in a batch, and the step from row to row.
    fn rows(&self, from: *const f32, strides: &Strides, (batch, first): (usize, usize)) -> Rows {
        let step = self.query_step(strides);
        Rows { from: self.matrix(from, strides, batch).further(first as isize * step), step }
    }

    /// An operand in a batch.
    fn matrix(&self, from: *const f32, strides: &Strides, batch: usize) -> Elements {
        Elements::new(from.cast_mut(), strides.format).further(self.offset(strides, batch))
    }

    /// How many of the keys from one on take part for a query.
    fn taken(&self, query: usize, from: usize) -> usize {
        let end = match self.ahead {
            Some(ahead) => (query as i64 + 1 + ahead).clamp(0, self.keys as i64) as usize,
            None => self.keys,
        };
        end.saturating_sub(from)
    }

    /// # Safety
    /// As [`attend`]; no other thread is in this block or has this worker number.
    unsafe fn block(&self, block: usize, worker: usize) {
        let blocks = self.queries.div_ceil(QUERIES);
        let (batch, place) = (block / blocks, block % blocks);
        let place = if self.ahead.is_some() { blocks - 1 - place } else { place };
        let first = place * QUERIES;
        let queries = (self.queries - first).min(QUERIES);
        let last_taken = |rows: usize, from: usize| self.taken(first + rows - 1, from);
        let scratch = self.scratch(worker);
        let (kernel, loads) = (self.kernel, self.operands.loads);
        let q = self.rows(loads[0], &kernel.q, (batch, first));
        let k = self.matrix(loads[1], &kernel.k, batch);
        let v = self.matrix(loads[2], &kernel.v, batch);
        let terms = kernel.added.iter().zip(&loads[3..]);
        let mut terms: SmallVec<[Term; 4]> = terms
            .map(|(strides, &load)| Term {
                rows: self.rows(load, strides, (batch, first)),
                key: strides[kernel.key] as isize,
            })
            .collect();
        // One whose keys lie side by side is added where logits are stored, best the one that differs from row to row.
        terms.sort_by_key(|term| (term.key != 1, term.rows.step == 0));
        let result = self.rows(self.operands.store, &kernel.store, (batch, first));
        let running = match (&kernel.running, loads.last()) {
            (Some(strides), Some(&from)) => Some(self.rows(from, strides, (batch, first))),
            _ => None,
        };
        let ends = Ends { result, channel: kernel.store[kernel.channel] as isize, running };
        let step = |strides: &[i64], i: usize| strides[i] as isize;
        // SAFETY: all of this stays in the operands by the caller's promise, and in this worker's scratch, whose
        // parts are as large as the blocks.
        unsafe {
            self.strips(
                self.isa.rows(),
                (q.from, q.step, step(&kernel.q, kernel.inner)),
                (queries, self.inner),
                scratch.q,
            );
            let packed = queries.next_multiple_of(self.isa.rows()) * self.inner;
            debug_assert!(packed <= PACKED * self.inner, "a tile's rows divide those that logits are held for");
            let factor = kernel.factor as f32;
            std::slice::from_raw_parts_mut(scratch.q, packed).iter_mut().for_each(|x| *x *= factor);
            self.begin(&ends, queries, &scratch);
            for from in (0..last_taken(queries, 0)).step_by(KEYS) {
                let keys = last_taken(queries, from).min(KEYS);
                let (key_step, inner_step) = (step(&kernel.k, kernel.key), step(&kernel.k, kernel.inner));
                let at = k.further(from as isize * key_step);
                self.strips(2 * self.isa.lanes(), (at, key_step, inner_step), (keys, self.inner), scratch.k);
                let (value_step, channel_step) = (step(&kernel.v, kernel.key), step(&kernel.v, kernel.channel));
                let at = v.further(from as isize * value_step);
                self.strips(2 * self.isa.lanes(), (at, channel_step, value_step), (self.channels, keys), scratch.v);
                for top in (0..queries).step_by(ROWS) {
                    let rows = top..(top + ROWS).min(queries);
                    let own = last_taken(rows.end, from).min(keys);
                    if own == 0 {
                        continue;
                    }
                    let stored = self.logits(rows.clone(), (from, own), terms.first(), &scratch);
                    for row in rows.clone() {
                        let taken = self.taken(first + row, from).min(own);
                        self.row((from, own, taken), (row - top, row), (&terms, stored), &scratch);
                    }
                    self.sums(rows, (own, keys), &scratch);
                }
            }
            self.finish(&ends, queries, &scratch);
        }
    }

    /// Packs a matrix, `wide` along the strips' width and `deep` along their length.
    ///
    /// # Safety
    /// The matrix is in bounds, and `out` has room for it, `wide` rounded up to whole strips.
    unsafe fn strips(
        &self,
        width: usize,
        (from, w_step, k_step): (Elements, isize, isize),
        (wide, deep): (usize, usize),
        out: *mut f32,
    ) {
        for at in (0..wide).step_by(width) {
            let own = (wide - at).min(width);
            let strip = Strip { from: from.further(at as isize * w_step), w_step, k_step, wide: own, k: deep };
            // SAFETY: the caller's promise, for this strip.
            unsafe { pack(self.isa, width, strip, out.wrapping_add(at * deep)) };
        }
    }

    /// Where the rows start: at nothing, or at what the running logarithm says the result stands for.
    ///
    /// # Safety
    /// As [`Self::block`].
    unsafe fn begin(&self, ends: &Ends, queries: usize, scratch: &Scratch) {
        // SAFETY: the block's own rows of the result, of the running logarithm and of scratch.
        unsafe {
            scratch.sums.write_bytes(0, queries * self.wide);
            for row in 0..queries {
                let mut start = Row { largest: f32::NEG_INFINITY, sum: 0.0, kept: 1.0, unused: 0.0 };
                if let Some(running) = &ends.running {
                    let before = running.at(row).get();
                    if before != f32::NEG_INFINITY {
                        start = Row { largest: before, sum: 1.0, ..start };
                        for c in 0..self.channels {
                            let result = ends.result.at(row).further(c as isize * ends.channel);
                            *scratch.sums.add(row * self.wide + c) = result.get();
                        }
                    }
                }
                *scratch.rows.add(row) = start;
            }
        }
    }

    /// `logits = q · k` for some of the block's queries and a block of keys, and a term where that has its keys side by
    /// side: it is added for so many keys from the first on as the result says.
    ///
    /// # Safety
    /// Scratch holds the packed blocks, the term has so many keys from the first on.
    unsafe fn logits(
        &self,
        queries: Range<usize>,
        (from, keys): (usize, usize),
        term: Option<&Term>,
        scratch: &Scratch,
    ) -> usize {
        let (rows, lanes, mut ahead) = (self.isa.rows(), self.isa.lanes(), Ahead::NONE);
        let term = term.filter(|term| term.key == 1 && term.rows.from.is_single());
        // Whole vectors of it are read.
        let whole = if term.is_some() { keys / (2 * lanes) * (2 * lanes) } else { 0 };
        for j in (0..keys).step_by(2 * lanes) {
            let vectors = (keys - j).min(2 * lanes).div_ceil(lanes);
            for i in (0..queries.len()).step_by(rows) {
                let add = term.filter(|_| j < whole).map(|term| {
                    (
                        term.rows.at(queries.start + i).further((from + j) as isize).address::<f32>().cast_const(),
                        term.rows.step,
                    )
                });
                let tile = Tile {
                    k: self.inner,
                    a: scratch.q.wrapping_add((queries.start + i) * self.inner),
                    a_row: 1,
                    a_k: rows as isize,
                    b: scratch.k.wrapping_add(j * self.inner),
                    b_k: 2 * lanes as isize,
                    c: scratch.logits.wrapping_add(i * PITCH + j),
                    c_row: PITCH as isize,
                    add,
                };
                // SAFETY: the tile lies in the packed blocks; the block of logits has room for whole vectors.
                unsafe { self.isa.kernel((queries.len() - i).min(rows), vectors, true)(&tile, &mut ahead) };
            }
        }
        whole
    }

    /// `sums += weights · v` for some of the block's queries and so many of a block of keys.
    ///
    /// # Safety
    /// Scratch holds the weights and the packed values.
    unsafe fn sums(&self, queries: Range<usize>, (keys, packed): (usize, usize), scratch: &Scratch) {
        let (rows, lanes, mut ahead) = (self.isa.rows(), self.isa.lanes(), Ahead::NONE);
        for j in (0..self.channels).step_by(2 * lanes) {
            let vectors = (self.channels - j).min(2 * lanes).div_ceil(lanes);
            for i in (0..queries.len()).step_by(rows) {
                let c = scratch.sums.wrapping_add((queries.start + i) * self.wide + j);
                let tile = Tile {
                    k: keys,
                    a: scratch.logits.wrapping_add(i * PITCH),
                    a_row: PITCH as isize,
                    a_k: 1,
                    b: scratch.v.wrapping_add(j * packed),
                    b_k: 2 * lanes as isize,
                    c,
                    c_row: self.wide as isize,
                    add: Some((c.cast_const(), self.wide as isize)),
                };
                // SAFETY: the tile lies in the packed blocks; the block of sums has room for whole vectors.
                unsafe { self.isa.kernel((queries.len() - i).min(rows), vectors, false)(&tile, &mut ahead) };
            }
        }
    }

    /// A row of logits becomes weights, of which only so many as are taken are not 0; the row's earlier sums are brought
    /// to the same scale. The first term is added already to so many logits as said.
    ///
    /// # Safety
    /// As [`Self::block`]; scratch holds the row's logits.
    unsafe fn row(
        &self,
        (from, keys, taken): (usize, usize, usize),
        (logits, row): (usize, usize),
        (terms, stored): (&[Term], usize),
        scratch: &Scratch,
    ) {
        // SAFETY: the row's part of scratch, and the terms in bounds by the caller's promise.
        unsafe {
            let logits =
                std::slice::from_raw_parts_mut(scratch.logits.add(logits * PITCH), keys.next_multiple_of(LANES));
            for (i, term) in terms.iter().enumerate() {
                let done = if i == 0 { stored.min(taken) } else { 0 };
                let at = term.rows.at(row).further((from + done) as isize * term.key);
                add(self.isa, &mut logits[done..taken], at, term.key);
            }
            logits[taken..].fill(f32::NEG_INFINITY);
            let state = &mut *scratch.rows.add(row);
            let sums = std::slice::from_raw_parts_mut(scratch.sums.add(row * self.wide), self.wide);
            weigh(self.isa, logits, state, sums);
        }
    }

    /// Writes the rows of a block.
    ///
    /// # Safety
    /// As [`Self::block`].
    unsafe fn finish(&self, ends: &Ends, queries: usize, scratch: &Scratch) {
        for row in 0..queries {
            let result = ends.result.at(row);
            // SAFETY: the block's own rows.
            unsafe {
                let state = *scratch.rows.add(row);
                // Without keys there is nothing to average: 0, or what was there.
                let scale = if self.keys == 0 { 1.0 } else { 1.0 / state.sum };
                let sums = std::slice::from_raw_parts(scratch.sums.add(row * self.wide), self.channels);
                put(result, ends.channel, sums, scale);
                if let Some(running) = &ends.running {
                    running.at(row).put(state.largest + state.sum.ln());
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "attend_tests.rs"]
mod tests;
