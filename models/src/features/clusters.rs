//! Which centre each extra row belongs to.

use super::residues::GAP;

/// Equal bytes counted in a run that one byte can hold; the compiler makes vector compares of it.
const RUN: usize = 240;

/// For every extra row the centre with the most equal letters, the first of several; gaps and masks don't count.
///
/// `centres` is `[s, r]`, `extra` `[e, r]`, both codes; the answer is `[e]`. No centre, or no residue: all zeros.
pub(super) fn nearest(centres: &[u8], extra: &[u8], residues: usize) -> Vec<usize> {
    let residues = residues.max(1);
    let mut row = Vec::with_capacity(residues);
    let assign = |letters: &[u8]| {
        row.clear();
        // What doesn't count becomes a byte that no centre has.
        row.extend(letters.iter().map(|letter| if *letter < GAP { *letter } else { u8::MAX }));
        let mut best = (0, 0);
        for (index, centre) in centres.chunks(residues).enumerate() {
            let equal = equal(centre, &row);
            if equal > best.1 {
                best = (index, equal);
            }
        }
        best.0
    };
    extra.chunks(residues).map(assign).collect()
}

fn equal(a: &[u8], b: &[u8]) -> usize {
    let run = |(a, b): (&[u8], &[u8])| {
        let equal = a.iter().zip(b).fold(0u8, |sum, (a, b)| sum.wrapping_add(u8::from(a == b)));
        usize::from(equal)
    };
    a.chunks(RUN).zip(b.chunks(RUN)).map(run).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(centres: &[&[u8]], extra: &[&[u8]], expected: &[usize]) {
        assert_eq!(nearest(&centres.concat(), &extra.concat(), extra[0].len()), expected);
    }

    #[test]
    fn most_equal_letters_win_and_a_tie_goes_to_the_first() {
        check(&[&[1, 2, 3], &[1, 5, 6], &[9, 5, 6]], &[&[0, 5, 6], &[1, 2, 6], &[7, 7, 7]], &[1, 0, 0]);
    }

    #[test]
    fn unknown_counts_but_gaps_and_masks_do_not() {
        check(&[&[21, 21, 22, 0], &[20, 1, 1, 1]], &[&[20, 21, 22, 5], &[21, 21, 22, 1]], &[1, 1]);
    }

    #[test]
    fn long_rows_do_not_overflow_a_run() {
        let (one, two) = (vec![1u8; 1000], vec![2u8; 1000]);
        let mut mixed = one.clone();
        mixed[..501].fill(2);
        check(&[&one, &two], &[&mixed, &one], &[1, 0]);
        assert_eq!(equal(&one, &one), 1000);
    }
}
