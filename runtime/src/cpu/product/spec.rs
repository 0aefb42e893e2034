//! What a contraction is: its indices in four groups, its operands and results by number.

use std::ops::Range;

use crease_core::ir::Format;

use super::program::TileProgram;

/// Most indices in one group of a [`Contraction`].
pub(super) const MOST_DIMS: usize = 6;

/// Most operands and results of one contraction.
pub(super) const MOST_STEPS: usize = crease_core::kernel::Contract::OPERANDS;

/// One index of a contraction: its extent and its element stride in each operand and result (0 where that lacks it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dim {
    /// How many values the index takes.
    pub(super) extent: usize,
    /// Step in each operand and result, by its number; the operand in common is number 0.
    pub(super) steps: [isize; MOST_STEPS],
}

impl Dim {
    /// An index with one value.
    pub(super) const ONE: Self = Self { extent: 1, steps: [0; MOST_STEPS] };
}

/// For each part `store[batch, m, n] = after(sum over k of f(a)[batch, m, k] * b[batch, k, n], ..)`; each group has at
/// most [`MOST_DIMS`] indices, in any order. An index of `m` has no step in any b, of `n` none in a, of `k` none in a
/// result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contraction<'a> {
    /// Indices of the results and of a or the b or both.
    pub(super) batch: &'a [Dim],
    /// Indices of a and the results.
    pub(super) m: &'a [Dim],
    /// Indices of the b and the results.
    pub(super) n: &'a [Dim],
    /// Indices summed over; with a norm at most one.
    pub(super) k: &'a [Dim],
    /// The norm f of the rows of a.
    pub(super) norm: Option<Norm>,
    /// The results, at least one.
    pub(super) parts: &'a [Part],
    /// What each operand and result is kept in, by its number.
    pub(super) formats: &'a [Format],
}

/// `(x - mean) / sqrt(variance + epsilon) * scale + offset`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Norm {
    /// Added to the variance.
    pub(super) epsilon: f32,
    /// The number of the operand that scales.
    pub(super) scale: Option<usize>,
    /// The number of the operand that is added.
    pub(super) offset: Option<usize>,
}

/// One result: the numbers of its operands.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The b of each of its sums.
    pub(super) sums: Range<usize>,
    /// What the program loads.
    pub(super) loads: Range<usize>,
    /// What is done to the sums; none for a single sum that is stored as it is.
    pub(super) after: Option<TileProgram>,
    /// The result.
    pub(super) store: usize,
    /// Add to the result instead of overwriting it; only where nothing is done to the sum.
    pub(super) accumulate: bool,
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
