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
/// Most cells, one byte each: chains of some sixteen thousand residues.
const MOST_CELLS: usize = 1 << 28;

/// One residue of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Site {
    pub(super) letter: u8,
    /// Number and insertion code as one number, which is compared faster.
    number: u64,
}

impl Site {
    /// The letter of residues that have none; it is unlike everything.
    pub(super) const UNKNOWN: u8 = b'X';

    pub(super) fn new(letter: char, (number, insertion): (i32, Option<char>)) -> Site {
        let letter = u8::try_from(letter).unwrap_or(Self::UNKNOWN);
        let insertion = insertion.map_or(0, |code| 1 + u64::from(u32::from(code)));
        Site { letter, number: u64::from(number as u32) << 32 | insertion }
    }

    pub(super) fn same_letter(&self, other: &Site) -> bool {
        self.letter == other.letter && self.letter != Self::UNKNOWN
    }

    fn score(&self, other: &Site) -> i32 {
        SAME * i32::from(self.same_letter(other)) + SAME_NUMBER * i32::from(self.number == other.number)
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
    if a == b && are_numbered_once(a) {
        // Every residue has the highest score that it can have, and only this alignment gives that.
        return Ok((0..a.len()).map(|k| (k, k)).collect());
    }
    let width = b.len() + 1;
    let cells = width.checked_mul(a.len() + 1).filter(|cells| *cells <= MOST_CELLS);
    let mut cells = vec![0u8; cells.ok_or(ScoreError::TooLong(a.len(), b.len()))?];
    // Scores by how a beginning ends, of the row above. One without pairs costs nothing.
    let free = [0, NEVER, NEVER];
    let mut above = vec![free; width];
    let mut best = (0, 0, 0);
    for ((i, x), cells) in (1..).zip(a).zip(cells.chunks_exact_mut(width).skip(1)) {
        let (mut left, mut diagonal) = (free, free);
        for ((y, up), cell) in b.iter().zip(&mut above[1..]).zip(&mut cells[1..]) {
            let [first_begins, first_goes_on] = [up[0] + OPEN, up[1] + EXTEND];
            let [second_begins, second_goes_on] = [left[0] + OPEN, left[2] + EXTEND];
            let before = diagonal[0].max(diagonal[1]).max(diagonal[2]);
            let after = if diagonal[1] == before { AFTER_FIRST } else { AFTER_SECOND };
            *cell = if diagonal[0] < before { after } else { 0 }
                | (FIRST_GOES_ON * u8::from(first_goes_on > first_begins))
                | (SECOND_GOES_ON * u8::from(second_goes_on > second_begins));
            left = [before + x.score(y), first_begins.max(first_goes_on), second_begins.max(second_goes_on)];
            diagonal = std::mem::replace(up, left);
        }
        if i < a.len() {
            keep_best(&mut best, (left[0], i, b.len()));
        }
    }
    for (j, ends) in above.iter().enumerate().skip(1) {
        keep_best(&mut best, (ends[0], a.len(), j));
    }
    Ok(trace(&cells, width, (best.1, best.2)))
}

/// Where the best alignment ends, the first of equals.
fn keep_best(best: &mut (i32, usize, usize), other: (i32, usize, usize)) {
    if other.0 > best.0 {
        *best = other;
    }
}

/// Whether no two residues share a number.
fn are_numbered_once(sites: &[Site]) -> bool {
    let mut numbers: Vec<u64> = sites.iter().map(|site| site.number).collect();
    numbers.sort_unstable();
    numbers.windows(2).all(|pair| pair[0] != pair[1])
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
            text.chars().zip(1..).map(|(letter, n)| Site::new(letter, (n, None))).collect()
        };
        let (a, b) = (sites(a), sites(b));
        let mut rows = [String::new(), String::new()];
        let mut last: Option<(usize, usize)> = None;
        for (i, j) in align(&a, &b).expect("short") {
            let (p, q) = last.map_or((i, j), |(p, q)| (p + 1, q + 1));
            a[p..i].iter().for_each(|s| rows[0].push(s.letter.into()));
            b[q..j].iter().for_each(|s| rows[1].push(s.letter.into()));
            rows[1].extend(std::iter::repeat_n('-', i - p));
            rows[0].extend(std::iter::repeat_n('-', j - q));
            rows[0].push(a[i].letter.into());
            rows[1].push(b[j].letter.into());
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
            text.chars().zip(numbers).map(|(letter, n)| Site::new(letter, (*n, None))).collect()
        };
        let a = sites("MKTGGGGGGYIAK", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
        for (numbers, first) in [([1, 2, 3, 4, 5, 10, 11, 12, 13], 3), ([1, 2, 3, 8, 9, 10, 11, 12, 13], 7)] {
            let pairs = align(&a, &sites("MKTGGYIAK", &numbers)).expect("short");
            assert_eq!(pairs.iter().find(|(_, j)| *j == 3), Some(&(first, 3)), "{numbers:?}");
        }
    }
}
