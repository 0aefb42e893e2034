//! Global alignment of two sequences (Needleman and Wunsch, with Gotoh's affine gaps); gaps at the ends are free, so
//! that a part of a chain is found in the whole.

use super::ScoreError;

const SAME: i32 = 10;
/// Breaks ties, as beside a loop that is missing in a crystal: residues of the same number belong together.
const SAME_NUMBER: i32 = 1;
const OPEN: i32 = -15;
const EXTEND: i32 = -1;
/// Below every score, and far enough from the smallest number.
const NEVER: i32 = i32::MIN / 2;
/// Most cells, one byte each.
const MOST_CELLS: usize = 1 << 30;

/// One residue of a sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// `X` is unlike everything.
    pub(super) letter: char,
    pub(super) number: (i32, Option<char>),
}

impl Site {
    pub(super) fn same_letter(&self, other: &Site) -> bool {
        self.letter == other.letter && self.letter != 'X'
    }

    fn score(&self, other: &Site) -> i32 {
        let number = if self.number == other.number { SAME_NUMBER } else { 0 };
        if self.same_letter(other) { SAME + number } else { number }
    }
}

/// How the best alignment of two beginnings ends. A gap begins behind a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Pair,
    /// A residue of the first sequence has no partner.
    First,
    /// A residue of the second sequence has no partner.
    Second,
}

/// Bits of a cell: how the beginning before its pair ends (0 for a pair), and whether its gaps go on.
const AFTER_FIRST: u8 = 1;
const AFTER_SECOND: u8 = 2;
const FIRST_GOES_ON: u8 = 4;
const SECOND_GOES_ON: u8 = 8;

/// Pairs of places, increasing in both.
pub(super) fn align(a: &[Site], b: &[Site]) -> Result<Vec<(usize, usize)>, ScoreError> {
    let width = b.len() + 1;
    let cells = width.checked_mul(a.len() + 1).filter(|cells| *cells <= MOST_CELLS);
    let mut cells = vec![0u8; cells.ok_or(ScoreError::TooLong(a.len(), b.len()))?];
    // Scores by how a beginning ends, of the row above. One without pairs costs nothing.
    let free = [0, NEVER, NEVER];
    let mut above = vec![free; width];
    let mut best = (0, 0, 0);
    for (i, x) in (1..).zip(a) {
        let (mut left, mut diagonal) = (free, free);
        for (j, y) in (1..).zip(b) {
            let up = above[j];
            let mut cell = 0;
            let mut gap = |pair: i32, gap: i32, bit: u8| {
                cell |= if gap + EXTEND > pair + OPEN { bit } else { 0 };
                (pair + OPEN).max(gap + EXTEND)
            };
            let (first, second) = (gap(up[0], up[1], FIRST_GOES_ON), gap(left[0], left[2], SECOND_GOES_ON));
            let before = diagonal[0].max(diagonal[1]).max(diagonal[2]);
            if diagonal[0] < before {
                cell |= if diagonal[1] == before { AFTER_FIRST } else { AFTER_SECOND };
            }
            cells[i * width + j] = cell;
            left = [before + x.score(y), first, second];
            diagonal = std::mem::replace(&mut above[j], left);
            if (i == a.len() || j == b.len()) && left[0] > best.0 {
                best = (left[0], i, j);
            }
        }
    }
    Ok(trace(&cells, width, (best.1, best.2)))
}

/// Goes back from the last pair.
fn trace(cells: &[u8], width: usize, (mut i, mut j): (usize, usize)) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut end = End::Pair;
    while i > 0 && j > 0 {
        let cell = cells[i * width + j];
        let goes_on = |bit: u8, same: End| if cell & bit != 0 { same } else { End::Pair };
        match end {
            End::Pair => {
                (i, j) = (i - 1, j - 1);
                pairs.push((i, j));
                end = match cell {
                    cell if cell & AFTER_FIRST != 0 => End::First,
                    cell if cell & AFTER_SECOND != 0 => End::Second,
                    _ => End::Pair,
                };
            }
            End::First => {
                i -= 1;
                end = goes_on(FIRST_GOES_ON, End::First);
            }
            End::Second => {
                j -= 1;
                end = goes_on(SECOND_GOES_ON, End::Second);
            }
        }
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first sequence above the second, gaps as `-`, free ends left out.
    #[track_caller]
    fn check(a: &str, b: &str, aligned: &str) {
        let sites = |text: &str| -> Vec<Site> {
            text.chars().zip(1..).map(|(letter, n)| Site { letter, number: (n, None) }).collect()
        };
        let (a, b) = (sites(a), sites(b));
        let mut rows = [String::new(), String::new()];
        let mut last: Option<(usize, usize)> = None;
        for (i, j) in align(&a, &b).expect("short") {
            let (p, q) = last.map_or((i, j), |(p, q)| (p + 1, q + 1));
            a[p..i].iter().for_each(|s| rows[0].push(s.letter));
            b[q..j].iter().for_each(|s| rows[1].push(s.letter));
            rows[1].extend(std::iter::repeat_n('-', i - p));
            rows[0].extend(std::iter::repeat_n('-', j - q));
            rows[0].push(a[i].letter);
            rows[1].push(b[j].letter);
            last = Some((i, j));
        }
        assert_eq!(rows.join("/"), aligned);
    }

    #[test]
    fn sequences_are_aligned() {
        check("MKTAYIAK", "MKTAYIAK", "MKTAYIAK/MKTAYIAK");
        check("MKTAYIAK", "MKTAWIAK", "MKTAYIAK/MKTAWIAK");
        check("MKTAYIAKQR", "TAYIAK", "TAYIAK/TAYIAK");
        check("TAYIAK", "MKTAYIAKQR", "TAYIAK/TAYIAK");
        check("MKTAYIAKQRQISF", "MKTAQRQISF", "MKTAYIAKQRQISF/MKTA----QRQISF");
        check("MKTAQRQISF", "MKTAYIAKQRQISF", "MKTA----QRQISF/MKTAYIAKQRQISF");
        check("AXC", "AXC", "AXC/AXC");
        check("", "AC", "/");
        // Numbers alone pair too; whether chains match is told by their letters.
        check("AAA", "CCC", "AAA/CCC");
    }

    #[test]
    fn numbers_break_ties() {
        let sites = |text: &str, numbers: &[i32]| -> Vec<Site> {
            text.chars().zip(numbers).map(|(letter, n)| Site { letter, number: (*n, None) }).collect()
        };
        let a = sites("MKTGGGGGGYIAK", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
        for (numbers, first) in [([1, 2, 3, 4, 5, 10, 11, 12, 13], 3), ([1, 2, 3, 8, 9, 10, 11, 12, 13], 7)] {
            let pairs = align(&a, &sites("MKTGGYIAK", &numbers)).expect("short");
            assert_eq!(pairs.iter().find(|(_, j)| *j == 3), Some(&(first, 3)), "{numbers:?}");
        }
    }
}
