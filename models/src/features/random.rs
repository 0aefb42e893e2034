//! Seeded choices: which rows are centres, which positions are masked.
//!
//! ChaCha8 keyed with the seed, and arithmetic written out here: the same seed gives the same choice on every
//! machine and with every version of the `rand` crates.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::residues::MASKED;

/// The chance that a position is chosen for masking.
const CHOSEN: f64 = 0.15;
/// Of the chosen: uniform over the amino acids, from the column's profile, unchanged; the rest is masked.
const UNIFORM: f64 = 0.1;
const PROFILE: f64 = 0.1;
const SAME: f64 = 0.1;

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

    /// AlphaFold's masked MSA: replaces a random 15 % of the centres' positions.
    ///
    /// `rows` are the codes of all rows, from whose column a letter is drawn for "from the profile".
    pub(super) fn mask(&mut self, centres: &mut [u8], residues: usize, rows: &[&[u8]]) {
        for row in centres.chunks_mut(residues.max(1)) {
            for (column, letter) in row.iter_mut().enumerate() {
                if self.fraction() >= CHOSEN {
                    continue;
                }
                let kind = self.fraction();
                if kind < UNIFORM {
                    *letter = self.below(20) as u8;
                } else if kind < UNIFORM + PROFILE {
                    let drawn = rows.get(self.below(rows.len())).and_then(|row| row.get(column));
                    *letter = drawn.copied().unwrap_or(*letter);
                } else if kind >= UNIFORM + PROFILE + SAME {
                    *letter = MASKED;
                }
            }
        }
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
        // All rows hold 3; every other row of the profile is a gap.
        let (rows, residues) = (500, 400);
        let (threes, gaps) = (vec![3u8; residues], vec![21u8; residues]);
        let mut centres = vec![3u8; rows * residues];
        Random::new(3).mask(&mut centres, residues, &[&threes, &gaps]);
        let share = |code: u8| centres.iter().filter(|letter| **letter == code).count() as f64 / centres.len() as f64;
        let check = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 2e-3, "{found} is not {expected}");
        };
        check(share(MASKED), 0.15 * 0.7);
        check(share(21), 0.15 * 0.1 / 2.0);
        check(share(20), 0.0);
        check(share(0), 0.15 * 0.1 / 20.0);
        check(share(3), 1.0 - 0.15 * (0.7 + 0.05 + 0.1 * 19.0 / 20.0));
    }
}
