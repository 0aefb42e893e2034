//! Random numbers for the tests of kernels.

use crease_core::random::Choices;

/// Seeded choices.
pub(in crate::cpu) struct Dice(Choices);

impl Dice {
    pub(in crate::cpu) fn new(seed: u64) -> Dice {
        Dice(Choices::new(seed))
    }

    pub(in crate::cpu) fn below(&mut self, n: usize) -> usize {
        self.0.next(n)
    }

    pub(in crate::cpu) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// A thousandth within ±1.
    pub(in crate::cpu) fn number(&mut self) -> f32 {
        self.below(2001) as f32 / 1000.0 - 1.0
    }

    pub(in crate::cpu) fn numbers(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.number()).collect()
    }

    /// A multiple of 1/8 within ±4: comparisons of such numbers are exact.
    pub(in crate::cpu) fn eighth(&mut self) -> f32 {
        self.below(65) as f32 / 8.0 - 4.0
    }

    pub(in crate::cpu) fn shuffled(&mut self, mut list: Vec<usize>) -> Vec<usize> {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
        list
    }
}
