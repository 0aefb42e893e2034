//! Lines of memory that are wanted soon, fetched one by one between the multiply-adds that hide it.

#![allow(unsafe_code)] // Prefetches, which read nothing.

#[cfg(all(target_arch = "x86_64", not(miri)))]
use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};

/// Numbers in a line of the processor's caches.
const LINE: usize = 16;

/// Runs of neighbors, rows of them, and such blocks of rows; where it stands among them.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Ahead {
    /// The first line of the run, of the row block, and the line of the run that is next.
    run: *const f32,
    rows: *const f32,
    line: usize,
    lines: usize,
    /// From row to row, how many there are, and how many are left.
    step: isize,
    row: usize,
    count: usize,
    /// From block to block, and how many are left.
    block_step: isize,
    blocks: usize,
    /// Lines to fetch for every [`Self::TERMS`] terms of a tile.
    pub(in crate::cpu) some: usize,
}

impl Ahead {
    /// How often a tile goes on with it.
    pub(in crate::cpu) const TERMS: usize = 16;

    /// Nothing.
    pub(in crate::cpu) const NONE: Self = Self {
        run: std::ptr::null(),
        rows: std::ptr::null(),
        line: 0,
        lines: 0,
        step: 0,
        row: 0,
        count: 0,
        block_step: 0,
        blocks: 0,
        some: 0,
    };

    /// `run` neighbors from an element on, so many rows of them with their step, and so many blocks of rows with theirs,
    /// fetched while so many terms are summed.
    pub(in crate::cpu) fn new(
        from: *const f32,
        run: usize,
        (count, step): (usize, isize),
        (blocks, block_step): (usize, isize),
        terms: usize,
    ) -> Self {
        let (run, count) = if step == run as isize { (run * count, 1) } else { (run, count) };
        let lines = run.div_ceil(LINE);
        let some = (lines * count * blocks * Self::TERMS).div_ceil(terms.max(1));
        Self { run: from, rows: from, lines, step, row: count, count, block_step, blocks, some, ..Self::NONE }
    }

    /// Fetches the next line, if there is one.
    #[inline(always)]
    pub(in crate::cpu) fn go_on(&mut self) {
        if self.blocks == 0 {
            return;
        }
        prefetch_far(self.run.wrapping_add(self.line * LINE));
        self.line += 1;
        if self.line == self.lines {
            (self.line, self.row, self.run) = (0, self.row - 1, self.run.wrapping_offset(self.step));
            if self.row == 0 {
                self.rows = self.rows.wrapping_offset(self.block_step);
                (self.row, self.run, self.blocks) = (self.count, self.rows, self.blocks - 1);
            }
        }
    }
}

/// Has the second nearest cache fetch what is at an address, which may be anywhere: nothing is touched.
#[inline(always)]
fn prefetch_far(at: *const f32) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch reads nothing; every x86-64 processor has it.
    unsafe {
        _mm_prefetch::<_MM_HINT_T1>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}

/// The same for the nearest cache.
#[inline(always)]
pub(in crate::cpu) fn prefetch_near(at: *const f32) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch reads nothing; every x86-64 processor has it.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}
