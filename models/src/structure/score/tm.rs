//! The TM-score (Zhang and Skolnick 2004): the largest mean of 1 / (1 + (d / d0)²) over all superpositions. It has no
//! closed form; the search is the authors': from fragments of several lengths, refined on the residues that fit.

use super::superpose::{Motion, superpose};
use super::{Point, squared_distance};

/// Shortest fragment that a search starts from.
const SHORTEST: usize = 4;
/// Refinements of one start, if the residues that fit keep changing.
const MOST_ROUNDS: usize = 20;
/// Starts of one fragment length: every residue up to this many, then evenly spread.
const MOST_STARTS: usize = 400;
/// Residues that the starts of one fragment length go through: beyond ten thousand residues there are fewer starts, so
/// that the time does not grow any more.
const MOST_WORK: usize = MOST_STARTS * 10_000;

/// The score of paired Cα atoms in terms of a chain of `length` residues.
pub(super) fn tm_score(model: &[Point], target: &[Point], length: usize) -> f64 {
    let mut search = Search { model, target, d0: d0(length), fits: Vec::new(), best: 0.0 };
    if model.is_empty() {
        return 0.0;
    }
    let mut fragment = model.len();
    loop {
        let last = model.len() - fragment;
        let step = 1 + last / MOST_STARTS.min(1 + MOST_WORK / model.len());
        for start in (0..=last).step_by(step) {
            search.refine(start..start + fragment);
        }
        if fragment <= SHORTEST {
            break;
        }
        fragment = (fragment / 2).max(SHORTEST);
    }
    search.best / length.max(1) as f64
}

/// The distance in Å at which a pair counts one half; it grows with the chain.
fn d0(length: usize) -> f64 {
    const SMALLEST: f64 = 0.5;
    (1.24 * (length as f64 - 15.0).max(0.0).cbrt() - 1.8).max(SMALLEST)
}

#[derive(Debug)]
struct Search<'a> {
    model: &'a [Point],
    target: &'a [Point],
    d0: f64,
    /// The residues that fitted last.
    fits: Vec<usize>,
    best: f64,
}

impl Search<'_> {
    /// Superposes on a fragment, then again on whatever comes near, until that stays the same.
    fn refine(&mut self, fragment: std::ops::Range<usize>) {
        let near = self.d0.clamp(4.5, 8.0);
        let mut motion = self.superposed(fragment);
        for round in 0..MOST_ROUNDS {
            let distances = self.distances(&motion);
            let score: f64 = distances.iter().map(|d| 1.0 / (1.0 + d / (self.d0 * self.d0))).sum();
            self.best = self.best.max(score);
            let fits = fitting(&distances, if round == 0 { near - 1.0 } else { near + 1.0 });
            if round > 0 && fits == self.fits {
                return;
            }
            motion = self.superposed(fits.iter().copied());
            self.fits = fits;
        }
    }

    fn superposed(&self, places: impl Iterator<Item = usize> + Clone) -> Motion {
        superpose(places.map(|k| (self.model[k], self.target[k])))
    }

    /// Squared, after a motion of the model.
    fn distances(&self, motion: &Motion) -> Vec<f64> {
        self.model.iter().zip(self.target).map(|(a, b)| squared_distance(motion.apply(*a), *b)).collect()
    }
}

/// Residues nearer than this; the three nearest at least, if there are three.
fn fitting(distances: &[f64], near: f64) -> Vec<usize> {
    let mut nearest = distances.to_vec();
    let third = nearest.len().min(3);
    let reach = match third.checked_sub(1) {
        Some(last) => *nearest.select_nth_unstable_by(last, f64::total_cmp).1,
        None => 0.0,
    };
    let reach = reach.max(near * near);
    (0..distances.len()).filter(|k| distances[*k] <= reach).collect()
}

#[cfg(test)]
mod tests {
    use super::d0;

    #[test]
    fn d0_is_the_papers() {
        for (length, expected) in [(0, 0.5), (15, 0.5), (20, 0.5), (100, 3.6521), (227, 5.5938), (1000, 10.5377)] {
            assert!((d0(length) - expected).abs() < 1e-3, "{length}: {}", d0(length));
        }
    }
}
