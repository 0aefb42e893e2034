//! Changes of any bytes.

use fastrand::Rng;

use super::{beside, rearrange, span};

/// Flips, sets and moves bytes, and changes whole numbers of one to eight of them.
pub fn change(rng: &mut Rng, data: &mut Vec<u8>, other: &[u8]) {
    let at = rng.usize(0..=data.len().saturating_sub(1));
    match rng.u8(0..6) {
        0 if !data.is_empty() => data[at] ^= 1 << rng.u8(0..8),
        1 if !data.is_empty() => data[at] = rng.u8(..),
        2 if !data.is_empty() => whole_number(rng, &mut data[at..]),
        3 => data.insert(at, rng.u8(..)),
        4 => data.truncate(at),
        _ => rearrange(rng, data, other),
    }
}

/// Changes a little-endian number at the beginning.
pub fn whole_number(rng: &mut Rng, data: &mut [u8]) {
    let size = (1 << rng.u8(0..4)).min(data.len());
    let mut bytes = [0; 8];
    bytes[..size].copy_from_slice(&data[..size]);
    let changed = beside(rng, u64::from_le_bytes(bytes)).to_le_bytes();
    data[..size].copy_from_slice(&changed[..size]);
}

/// Puts bytes of another input over some.
pub fn overwrite(rng: &mut Rng, data: &mut [u8], other: &[u8]) {
    let from = &other[span(rng, other.len())];
    let at = rng.usize(0..=data.len());
    data[at..].iter_mut().zip(from).for_each(|(byte, new)| *byte = *new);
}
