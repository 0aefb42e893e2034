//! Lists of indices: merging those that step through memory as one, and counting through them.

use super::spec::{Dim, MOST_DIMS};

/// Products whose elements lie side by side are done one after another up to this many: one cache line of them.
const SIDE_BY_SIDE: usize = 16;

/// A short list of indices.
#[derive(Clone, Copy)]
pub(super) struct Dims {
    pub(super) at: [Dim; 3 * MOST_DIMS],
    pub(super) len: usize,
}

impl Dims {
    pub(super) const NONE: Self = Self { at: [Dim::ONE; 3 * MOST_DIMS], len: 0 };

    pub(super) fn new(dims: &[Dim]) -> Self {
        assert!(dims.len() <= MOST_DIMS, "a group of a contraction has at most {MOST_DIMS} dims");
        let mut all = Self::NONE;
        dims.iter().filter(|dim| dim.extent != 1).for_each(|dim| all.push(*dim));
        all
    }

    pub(super) fn push(&mut self, dim: Dim) {
        self.at[self.len] = dim;
        self.len += 1;
    }

    pub(super) fn remove(&mut self, i: usize) -> Dim {
        let dim = self.at[i];
        self.at.copy_within(i + 1..self.len, i);
        self.len -= 1;
        dim
    }

    pub(super) fn as_slice(&self) -> &[Dim] {
        &self.at[..self.len]
    }

    /// The number of index tuples.
    pub(super) fn count(&self) -> usize {
        self.as_slice().iter().map(|dim| dim.extent).product()
    }

    /// The steps from the first element to that of tuple number `i`, the last dim running fastest.
    pub(super) fn offset(&self, mut i: usize, step: usize) -> isize {
        let mut offset = 0;
        for dim in self.as_slice().iter().rev() {
            offset += (i % dim.extent) as isize * dim.steps[step];
            i /= dim.extent;
        }
        offset
    }

    /// A number that tells the tuples apart that differ where `step` moves.
    pub(super) fn place(&self, mut i: usize, step: usize) -> usize {
        let (mut place, mut radix) = (0, 1);
        for dim in self.as_slice().iter().rev() {
            if dim.steps[step] != 0 {
                place += (i % dim.extent) * radix;
                radix *= dim.extent;
            }
            i /= dim.extent;
        }
        place
    }

    /// Makes one dim of any two that step through everything as one would.
    pub(super) fn merge(&mut self) {
        let joins = |outer: &Dim, inner: &Dim| {
            outer.steps.iter().zip(&inner.steps).all(|(far, near)| *far == *near * inner.extent as isize)
        };
        'again: loop {
            for outer in 0..self.len {
                for inner in 0..self.len {
                    if outer != inner && joins(&self.at[outer], &self.at[inner]) {
                        self.at[inner].extent *= self.at[outer].extent;
                        self.remove(outer);
                        continue 'again;
                    }
                }
            }
            return;
        }
    }

    /// Takes out up to [`SIDE_BY_SIDE`] values of a dim that has unit stride in some operand.
    pub(super) fn split_beside(&mut self, steps: [usize; 3]) -> Dim {
        let unit = |dim: &Dim| steps.iter().any(|&step| dim.steps[step].unsigned_abs() == 1);
        let Some(dim) = self.at[..self.len].iter_mut().find(|dim| unit(dim)) else { return Dim::ONE };
        let some = (1..=SIDE_BY_SIDE.min(dim.extent)).rev().find(|some| dim.extent.is_multiple_of(*some)).unwrap_or(1);
        let beside = Dim { extent: some, ..*dim };
        *dim = Dim { extent: dim.extent / some, steps: dim.steps.map(|step| step * some as isize) };
        beside
    }

    /// At least one dim, so that there is an axis to choose.
    pub(super) fn or_one(mut self) -> Self {
        if self.len == 0 {
            self.push(Dim::ONE);
        }
        self
    }
}
