//! Seeded choices: which rows are centres, which positions are masked.
//!
//! ChaCha8 keyed with the seed, and arithmetic written out here: the same seed gives the same choice on every
//! machine and with every version of the `rand` crates.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The chance that a position is chosen for masking.
const CHOSEN: f64 = 0.15;
/// Of the chosen: uniform over the amino acids, from the column's profile, unchanged; the rest is masked.
const UNIFORM: f64 = 0.1;
const PROFILE: f64 = 0.1;
const SAME: f64 = 0.1;

/// What stands in the place of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replaced {
    /// An amino acid.
    Letter(u8),
    /// What a row has in the same column.
    Row(usize),
    /// A mask.
    Masked,
}

/// A stream of numbers fixed by a seed.
pub(super) struct Random(ChaCha8Rng);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        for (byte, seed) in key.iter_mut().zip(seed.to_le_bytes()) {
            *byte = seed;
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// At least 0, less than 1.
    fn fraction(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// At least 0, less than `bound`; 0 if that is 0. The bias is below `bound` / 2^64.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Puts everything but the first in random order.
    pub(super) fn shuffle_after_first<T>(&mut self, items: &mut [T]) {
        if let [_, rest @ ..] = items {
            for last in (1..rest.len()).rev() {
                rest.swap(last, self.below(last + 1));
            }
        }
    }

    /// AlphaFold's masked MSA: which of the positions of so many centres are replaced, a random 15 %, and by what; `rows`
    /// are all that letters can be drawn from.
    pub(super) fn mask(&mut self, centres: usize, residues: usize, rows: usize) -> Vec<(usize, Replaced)> {
        let mut replaced = Vec::new();
        for position in 0..centres * residues {
            if self.fraction() >= CHOSEN {
                continue;
            }
            let kind = self.fraction();
            if kind < UNIFORM {
                replaced.push((position, Replaced::Letter(self.below(20) as u8)));
            } else if kind < UNIFORM + PROFILE {
                replaced.push((position, Replaced::Row(self.below(rows))));
            } else if kind >= UNIFORM + PROFILE + SAME {
                replaced.push((position, Replaced::Masked));
            }
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_the_first_and_loses_nothing() {
        let mut items: Vec<usize> = (0..100).collect();
        Random::new(7).shuffle_after_first(&mut items);
        assert_eq!(items[0], 0);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
        Random::new(7).shuffle_after_first::<u8>(&mut []);
    }

    #[test]
    fn a_seed_is_a_choice_for_ever() {
        let mut items: Vec<usize> = (0..8).collect();
        Random::new(1).shuffle_after_first(&mut items);
        assert_eq!(items, [0, 6, 1, 7, 5, 4, 2, 3]);
    }

    #[test]
    fn the_masked_shares_are_alphafolds() {
        let (centres, residues, rows) = (500, 400, 2);
        let replaced = Random::new(3).mask(centres, residues, rows);
        assert!(replaced.is_sorted_by_key(|(position, _)| *position));
        let check = |by: &dyn Fn(&Replaced) -> bool, expected: f64| {
            let share = replaced.iter().filter(|(_, replaced)| by(replaced)).count() as f64;
            let share = share / (centres * residues) as f64;
            assert!((share - expected).abs() < 2e-3, "{share} is not {expected}");
        };
        check(&|by| *by == Replaced::Masked, 0.15 * 0.7);
        check(&|by| *by == Replaced::Row(1), 0.15 * 0.1 / 2.0);
        check(&|by| *by == Replaced::Row(2), 0.0);
        check(&|by| *by == Replaced::Letter(0), 0.15 * 0.1 / 20.0);
        check(&|by| *by == Replaced::Letter(20), 0.0);
    }
}
