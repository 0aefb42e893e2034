//! One call of attention: its operands by batch and query, and each worker's scratch.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use crease_core::kernel::{Attend, Strides};

use super::rows::Row;
use crate::cpu::numbers::elements::Elements;
use crate::cpu::tile::instructions::InstructionSet;

pub(super) const QUERIES: usize = Attend::QUERIES as usize;
pub(super) const PACKED: usize = Attend::PACKED as usize;
pub(super) const ROWS: usize = Attend::ROWS as usize;
pub(super) const KEYS: usize = Attend::KEYS as usize;
pub(super) const PITCH: usize = Attend::PITCH as usize;
const STRIP: usize = Attend::STRIP as usize;

/// One call's memory.
pub(in crate::cpu) struct Operands<'a> {
    /// First elements of q, k, v, the terms added, and the running logarithm where there is one.
    pub(in crate::cpu) loads: &'a [*const f32],
    pub(in crate::cpu) store: *mut f32,
    pub(in crate::cpu) lengths: &'a [u64],
    /// Where each index starts in its full range.
    pub(in crate::cpu) starts: &'a [u64],
    pub(in crate::cpu) scratch: *mut u8,
}

pub(super) struct Call<'a> {
    pub(super) isa: InstructionSet,
    pub(super) kernel: &'a Attend,
    pub(super) operands: &'a Operands<'a>,
    /// The index that runs along a block of queries, if any does.
    pub(super) query: Option<usize>,
    /// The position of the first query less that of the first key, where attention is causal.
    pub(super) ahead: Option<i64>,
    pub(super) batches: usize,
    pub(super) queries: usize,
    pub(super) keys: usize,
    pub(super) inner: usize,
    pub(super) channels: usize,
    /// Channels of a block of sums, whole strips.
    pub(super) wide: usize,
    pub(super) bytes: usize,
}

// SAFETY: operands are only read but for the result, the running logarithm and scratch, of which each task has
// its own part.
unsafe impl Sync for Call<'_> {}

/// A worker's scratch.
pub(super) struct Scratch {
    pub(super) q: *mut f32,
    pub(super) k: *mut f32,
    pub(super) v: *mut f32,
    pub(super) logits: *mut f32,
    pub(super) sums: *mut f32,
    pub(super) rows: *mut Row,
}

/// One row a query, of any operand.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) from: Elements,
    pub(super) step: isize,
}

impl Rows {
    pub(super) fn at(&self, row: usize) -> Elements {
        self.from.further(row as isize * self.step)
    }
}

/// Something added to the logits.
pub(super) struct Term {
    pub(super) rows: Rows,
    /// From one key to the next.
    pub(super) key: isize,
}

/// Where a block's rows end, and begin where keys come slice by slice.
pub(super) struct Ends {
    pub(super) result: Rows,
    /// From one channel of the result to the next.
    pub(super) channel: isize,
    pub(super) running: Option<Rows>,
}

impl<'a> Call<'a> {
    pub(super) fn new(isa: InstructionSet, kernel: &'a Attend, operands: &'a Operands<'a>) -> Self {
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

    pub(super) fn scratch(&self, worker: usize) -> Scratch {
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
    pub(super) fn rows(&self, from: *const f32, strides: &Strides, (batch, first): (usize, usize)) -> Rows {
        let step = self.query_step(strides);
        Rows { from: self.matrix(from, strides, batch).further(first as isize * step), step }
    }

    /// An operand in a batch.
    pub(super) fn matrix(&self, from: *const f32, strides: &Strides, batch: usize) -> Elements {
        Elements::new(from.cast_mut(), strides.format).further(self.offset(strides, batch))
    }

    /// How many of the keys from one on take part for a query.
    pub(super) fn taken(&self, query: usize, from: usize) -> usize {
        let end = match self.ahead {
            Some(ahead) => (query as i64 + 1 + ahead).clamp(0, self.keys as i64) as usize,
            None => self.keys,
        };
        end.saturating_sub(from)
    }
}
