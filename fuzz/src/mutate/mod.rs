//! Changes of inputs: of any bytes, and such that keep a format's shape so that more than its first check is reached.

pub mod archive;
pub mod bytes;
pub mod json;
pub mod pickle;
pub mod text;
pub mod tokens;

use fastrand::Rng;

/// Changes an input in one place; the other input may give parts.
pub type Change = fn(&mut Rng, &mut Vec<u8>, &[u8]);

/// Numbers at which lengths, counts and sums go wrong.
pub const NUMBERS: [u64; 24] = [
    0,
    1,
    2,
    3,
    7,
    8,
    63,
    64,
    127,
    128,
    255,
    256,
    1 << 15,
    (1 << 16) - 1,
    1 << 16,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 53,
    (1 << 62) + 1,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
];

/// One of [`NUMBERS`].
pub fn number(rng: &mut Rng) -> u64 {
    NUMBERS[rng.usize(0..NUMBERS.len())]
}

/// A whole number beside another: moved by one, doubled, halved, or one of [`NUMBERS`].
pub fn beside(rng: &mut Rng, number: u64) -> u64 {
    match rng.u8(0..6) {
        0 => number.wrapping_add(1),
        1 => number.wrapping_sub(1),
        2 => number.wrapping_mul(2),
        3 => number / 2,
        4 => number.wrapping_add(rng.u64(0..=16)),
        _ => self::number(rng),
    }
}

/// Makes so many changes, most of them by the target's own way.
pub fn mutate(rng: &mut Rng, input: &[u8], other: &[u8], own: Change, longest: usize) -> Vec<u8> {
    let mut made = input.to_vec();
    for _ in 0..1 << rng.u8(0..4) {
        if rng.u8(0..4) == 0 {
            bytes::change(rng, &mut made, other)
        } else {
            own(rng, &mut made, other)
        }
        made.truncate(longest);
    }
    made
}

/// A part of a list, empty only where the list is.
fn span(rng: &mut Rng, length: usize) -> std::ops::Range<usize> {
    if length == 0 {
        return 0..0;
    }
    let start = rng.usize(0..length);
    // Mostly short.
    let most = if rng.bool() { 8 } else { length };
    start..(start + 1 + rng.usize(0..most)).min(length)
}

/// A change of a list's order or of which of its elements are there.
fn rearrange<T: Clone>(rng: &mut Rng, list: &mut Vec<T>, other: &[T]) {
    let (from, at) = (span(rng, list.len()), rng.usize(0..=list.len()));
    match rng.u8(0..6) {
        0 => drop(list.drain(from)),
        1 => {
            let copied = list[from].to_vec();
            drop(list.splice(at..at, copied));
        }
        2 if !list.is_empty() => {
            let (a, b) = (rng.usize(0..list.len()), rng.usize(0..list.len()));
            list.swap(a, b);
        }
        3 => {
            let times = (1 << rng.u8(0..8)).min(1 + 4096 / list.len().max(1));
            let repeated = vec![list[from].to_vec(); times].concat();
            drop(list.splice(at..at, repeated));
        }
        4 => drop(list.splice(from, other[span(rng, other.len())].to_vec())),
        _ => drop(list.splice(at..at, other[span(rng, other.len())].to_vec())),
    }
}
