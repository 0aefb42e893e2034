//! How many residues two sequences can have in common at most, told much faster than an alignment tells how many they have.

use super::align::Site;

/// How often each letter occurs; `X` is unlike everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letters([u32; 26]);

impl Letters {
    pub(super) fn of(sites: &[Site]) -> Letters {
        let mut letters = [0; 26];
        for place in sites.iter().filter_map(|site| place(*site)) {
            letters[place] += 1;
        }
        Letters(letters)
    }

    /// No alignment pairs more residues of the same letter.
    pub(super) fn common(&self, other: &Letters) -> usize {
        self.0.iter().zip(other.0).map(|(a, b)| (*a).min(b) as usize).sum()
    }
}

/// A letter's place in the alphabet.
fn place(site: Site) -> Option<usize> {
    let place = usize::from(site.letter.wrapping_sub(b'A'));
    (place < 26 && site.letter != Site::UNKNOWN).then_some(place)
}

/// The length of the longest common subsequence, 64 letters of the first sequence at a time (Hyyrö 2004). An alignment
/// is one of these at best.
pub(super) fn common_subsequence(a: &[Site], b: &[Site]) -> usize {
    let words = a.len().div_ceil(64);
    let mut masks = vec![0u64; 26 * words];
    for (k, place) in a.iter().enumerate().filter_map(|(k, site)| Some((k, place(*site)?))) {
        masks[place * words + k / 64] |= 1 << (k % 64);
    }
    // A bit is cleared where the subsequence gets longer by one.
    let mut open = vec![u64::MAX; words];
    for place in b.iter().filter_map(|site| place(*site)) {
        let mut carry = false;
        for (word, mask) in open.iter_mut().zip(&masks[place * words..]) {
            let (sum, first) = word.overflowing_add(*word & mask);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *word = sum | (*word & !mask);
        }
    }
    open.iter().map(|word| word.count_zeros() as usize).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(text: &str) -> Vec<Site> {
        text.chars().map(|letter| Site::new(letter, (0, None))).collect()
    }

    /// By the recurrence that defines it.
    fn plainly(a: &[Site], b: &[Site]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x.same_letter(y) { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn bounds_are_what_they_say() {
        let mut state = 7u64;
        let mut text = |length: usize, letters: u64| -> String {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % letters
            };
            (0..length).map(|_| if next() == 0 { 'X' } else { (b'A' + next() as u8) as char }).collect()
        };
        for length in [0, 1, 63, 64, 65, 130, 200] {
            for letters in [2, 4, 20] {
                let (a, b) = (sites(&text(length, letters)), sites(&text(length / 2 + 40, letters)));
                let expected = plainly(&a, &b);
                assert_eq!((common_subsequence(&a, &b), common_subsequence(&b, &a)), (expected, expected));
                assert!(Letters::of(&a).common(&Letters::of(&b)) >= expected);
            }
        }
    }
}
