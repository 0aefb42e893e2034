//! One block of queries: its keys go by block by block.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use smallvec::SmallVec;

use super::call::{Call, Ends, KEYS, PACKED, QUERIES, ROWS, Term};
use crate::cpu::numbers::elements::Elements;
use crate::cpu::tile::pack::{Strip, pack};

impl Call<'_> {
    /// # Safety
    /// As [`super::attend`]; no other thread is in this block or has this worker number.
    pub(super) unsafe fn block(&self, block: usize, worker: usize) {
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
}
