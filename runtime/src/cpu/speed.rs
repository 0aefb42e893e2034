//! How fast the innermost tiles are where nothing is far: one thread, operands in the nearest cache. Beside it what the
//! processor's multiply-adds allow.

#![allow(unsafe_code)] // Vector intrinsics; each block says why it is sound.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;
use std::hint::black_box;
use std::time::Instant;

use super::tile::ahead::Ahead;
use super::tile::instructions::InstructionSet;
use super::tile::micro::Tile;

/// Terms of a tile: its operands and result fit the smallest nearest cache there is, 32 KiB.
const TERMS: usize = 128;
/// Multiply-adds that do not need each other: more than any processor has under way.
const CHAINS: usize = 12;
/// Measurements, of which the fastest counts, and operations of each.
const TRIES: usize = 40;
const OPERATIONS: usize = 1 << 26;

/// Floating-point operations a nanosecond of one thread.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Rows and columns of a full tile.
    pub tile: (usize, usize),
    /// Of full tiles whose operands and results are in the nearest cache.
    pub in_cache: f64,
    /// Of multiply-adds alone, in registers.
    pub peak: f64,
}

/// Measures the machine's best instructions; none where they are plain code.
#[must_use]
pub fn speed() -> Option<Speed> {
    let isa = InstructionSet::detect();
    let lanes = isa.lanes();
    let turns = OPERATIONS / (2 * lanes * CHAINS);
    let peak = match isa {
        InstructionSet::Portable => return None,
        // SAFETY: the instructions were detected.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => fastest(2 * lanes * CHAINS * turns, || unsafe { chains_avx2(turns) }),
        // SAFETY: the instructions were detected.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => fastest(2 * lanes * CHAINS * turns, || unsafe { chains_avx512(turns) }),
        #[cfg(not(target_arch = "x86_64"))]
        _ => return None,
    };
    let (rows, columns) = (isa.rows(), 2 * lanes);
    let (a, b) = (vec![0.5_f32; rows * TERMS], vec![0.25_f32; columns * TERMS]);
    let mut c = vec![0.0_f32; rows * columns];
    let tile = Tile {
        k: TERMS,
        a: a.as_ptr(),
        a_row: 1,
        a_k: rows as isize,
        b: b.as_ptr(),
        b_k: columns as isize,
        c: c.as_mut_ptr(),
        c_row: columns as isize,
        add: None,
    };
    let kernel = isa.kernel(rows, 2, true);
    let each = 2 * rows * columns * TERMS;
    let many = OPERATIONS / each;
    let mut ahead = Ahead::NONE;
    let in_cache = fastest(many * each, || {
        for _ in 0..many {
            // SAFETY: the instructions were detected; the operands are packed panels of so many terms, the result a tile.
            unsafe { kernel(black_box(&tile), &mut ahead) };
        }
    });
    Some(Speed { tile: (rows, columns), in_cache, peak })
}

/// Operations a nanosecond of the fastest of some runs of so many.
fn fastest(operations: usize, mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..TRIES {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    operations as f64 / best / 1e9
}

/// # Safety
/// The machine has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn chains_avx2(turns: usize) {
    let (factor, more) = (_mm256_set1_ps(black_box(0.5)), _mm256_set1_ps(black_box(1.0)));
    let mut sums = [_mm256_set1_ps(1.0); CHAINS];
    for _ in 0..turns {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(*sum, factor, more);
        }
    }
    black_box(sums);
}

/// # Safety
/// The machine has AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn chains_avx512(turns: usize) {
    let (factor, more) = (_mm512_set1_ps(black_box(0.5)), _mm512_set1_ps(black_box(1.0)));
    let mut sums = [_mm512_set1_ps(1.0); CHAINS];
    for _ in 0..turns {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, factor, more);
        }
    }
    black_box(sums);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_speed_where_there_are_vectors() {
        let vectors = InstructionSet::detect() != InstructionSet::Portable;
        let found = speed().map(|speed| [speed.in_cache, speed.peak].map(|flops| flops.is_finite() && flops > 0.0));
        assert_eq!(found, vectors.then_some([true; 2]));
    }
}
