//! Chunk sizes tried.

use crate::plan::machine;

/// Chunks that are multiples of this waste no part of a tile.
const TILE: u64 = machine::TILE as u64;

/// Chunk sizes tried: the extent in 2, 4, 8, … equal parts, down to 1.
pub(super) fn ladder(total: u64) -> Vec<u64> {
    let mut sizes = Vec::new();
    let mut parts = 2;
    while parts < total {
        sizes.push(total.div_ceil(parts));
        parts *= 2;
    }
    sizes.push(1);
    sizes.dedup();
    sizes
}

/// Chunk sizes tried where stretches are few: each a sixteenth below the one before, even parts, and
/// both as whole numbers of tiles.
pub(super) fn every_size(total: u64) -> Vec<u64> {
    let falling = std::iter::successors(Some(total), |size| Some(size - (size / 16).max(1)).filter(|size| *size > 0));
    let even = (2..=24).map(|parts| total.div_ceil(parts));
    let tiled = |size: u64| [size, size / TILE * TILE, size.next_multiple_of(TILE)];
    let mut sizes: Vec<u64> = falling.chain(even).flat_map(tiled).filter(|size| (1..total).contains(size)).collect();
    sizes.push(1);
    sizes.sort_unstable_by_key(|size| std::cmp::Reverse(*size));
    sizes.dedup();
    sizes
}
