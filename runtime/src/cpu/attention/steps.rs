//! What a block of queries goes through: where its sums begin, logits, weights, sums of values, the result.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use std::ops::Range;

use super::call::{Call, Ends, PITCH, Scratch, Term};
use super::rows::{LANES, Row, add, put, weigh};
use crate::cpu::tile::ahead::Ahead;
use crate::cpu::tile::micro::Tile;

impl Call<'_> {
    /// Where the rows start: at nothing, or at what the running logarithm says the result stands for.
    ///
    /// # Safety
    /// As [`Self::block`].
    pub(super) unsafe fn begin(&self, ends: &Ends, queries: usize, scratch: &Scratch) {
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
    pub(super) unsafe fn logits(
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
    pub(super) unsafe fn sums(&self, queries: Range<usize>, (keys, packed): (usize, usize), scratch: &Scratch) {
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
    pub(super) unsafe fn row(
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
    pub(super) unsafe fn finish(&self, ends: &Ends, queries: usize, scratch: &Scratch) {
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
