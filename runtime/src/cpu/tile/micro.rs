//! The innermost tiles of a contraction: a few rows by one or two vectors of columns, summed over k in registers.
//!
//! Every instruction set runs the same sums in the same order with fused multiply-add, so the results are the same bits
//! on every machine. Nothing here knows about blocks, packing or threads.

#![allow(unsafe_code)] // Vector intrinsics on raw pointers; each block says why it is sound.

use super::ahead::{Ahead, prefetch_near};
use super::instructions::{AVX2_ROWS, AVX512_ROWS, InstructionSet, PORTABLE_ROWS};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

impl InstructionSet {
    /// The kernel for `rows` rows and `vectors` vectors. `packed`: A lies in panels (`a_row` 1, `a_k` [`Self::rows`]).
    pub(in crate::cpu) fn kernel(self, rows: usize, vectors: usize, packed: bool) -> Kernel {
        let at = (vectors - 1) * 2 + usize::from(packed);
        match self {
            Self::Portable => PORTABLE[rows - 1][at],
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => AVX2[rows - 1][at],
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => AVX512[rows - 1][at],
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("not on this architecture"),
        }
    }
}

/// Results of fewer terms than this are not fetched ahead.
const FEW_TERMS: usize = 64;

/// Most rows and columns any tile has.
pub(in crate::cpu) const MOST_ROWS: usize = 12;
/// See [`MOST_ROWS`].
pub(in crate::cpu) const MOST_COLUMNS: usize = 32;

/// One tile: `c[r][j] = sum_k a[r * a_row + k * a_k] * b[k * b_k + j]`, and what is added to it.
pub(in crate::cpu) struct Tile {
    pub(in crate::cpu) k: usize,
    pub(in crate::cpu) a: *const f32,
    pub(in crate::cpu) a_row: isize,
    pub(in crate::cpu) a_k: isize,
    pub(in crate::cpu) b: *const f32,
    pub(in crate::cpu) b_k: isize,
    pub(in crate::cpu) c: *mut f32,
    pub(in crate::cpu) c_row: isize,
    /// The first element of what is added, and from one row of it to the next; c itself, or apart from c.
    pub(in crate::cpu) add: Option<(*const f32, isize)>,
}

/// A kernel computes one tile of a fixed size.
///
/// # Safety
/// The machine has the kernel's instruction set; every element of `a`, `b`, `c` and of what is added that the tile names is
/// in bounds, and `c` overlaps neither `a` nor `b`.
pub(in crate::cpu) type Kernel = unsafe fn(&Tile, &mut Ahead);

/// # Safety
/// As [`Kernel`].
#[inline(always)]
unsafe fn portable<const R: usize, const V: usize, const PACKED: bool>(tile: &Tile, _ahead: &mut Ahead) {
    let (a_row, a_k) = if PACKED { (1, PORTABLE_ROWS as isize) } else { (tile.a_row, tile.a_k) };
    let mut sums = [[[0.0_f32; 8]; V]; R];
    for k in 0..tile.k as isize {
        for (r, row) in sums.iter_mut().enumerate() {
            // SAFETY: in bounds by the caller's promise.
            let x = unsafe { *tile.a.offset(r as isize * a_row + k * a_k) };
            for (j, sum) in row.as_flattened_mut().iter_mut().enumerate() {
                // SAFETY: in bounds by the caller's promise.
                *sum = x.mul_add(unsafe { *tile.b.offset(k * tile.b_k + j as isize) }, *sum);
            }
        }
    }
    for (r, row) in sums.iter().enumerate() {
        for (j, sum) in row.as_flattened().iter().enumerate() {
            // SAFETY: in bounds by the caller's promise.
            unsafe {
                let c = tile.c.offset(r as isize * tile.c_row + j as isize);
                *c = match tile.add {
                    Some((from, row)) => *from.offset(r as isize * row + j as isize) + sum,
                    None => *sum,
                };
            }
        }
    }
}

/// A kernel of `$rows` rows in `$feature`, vectors of `$lanes`.
macro_rules! vector_kernel {
    ($name:ident, $feature:literal, $rows:ident, $lanes:literal,
     $zero:ident $load:ident $store:ident $splat:ident $fma:ident $sum:ident) => {
        /// # Safety
        /// As [`Kernel`].
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $feature)]
        unsafe fn $name<const R: usize, const V: usize, const PACKED: bool>(tile: &Tile, ahead: &mut Ahead) {
            let (a_row, a_k) = if PACKED { (1, $rows as isize) } else { (tile.a_row, tile.a_k) };
            let (mut a, mut b) = (tile.a, tile.b);
            let mut sums = [[$zero(); V]; R];
            // With few terms so many fetches would be a good part of the work.
            for r in 0..if tile.k < FEW_TERMS { 0 } else { R } {
                for v in 0..V {
                    prefetch_near(tile.c.wrapping_offset(r as isize * tile.c_row + (v * $lanes) as isize));
                }
            }
            let mut left = tile.k;
            while left > 0 {
                (0..ahead.some).for_each(|_| ahead.go_on());
                let now = if ahead.some == 0 { left } else { left.min(Ahead::TERMS) };
                left -= now;
                for _ in 0..now {
                    let mut columns = [$zero(); V];
                    for v in 0..V {
                        // SAFETY: row k of B has V vectors, by the caller's promise.
                        columns[v] = unsafe { $load(b.add(v * $lanes)) };
                    }
                    for r in 0..R {
                        // SAFETY: element (r, k) of A is in bounds, by the caller's promise.
                        let x = $splat(unsafe { *a.offset(r as isize * a_row) });
                        for v in 0..V {
                            sums[r][v] = $fma(x, columns[v], sums[r][v]);
                        }
                    }
                    a = a.wrapping_offset(a_k);
                    b = b.wrapping_offset(tile.b_k);
                }
            }
            if let Some((from, row)) = tile.add {
                for r in 0..R {
                    for v in 0..V {
                        // SAFETY: row r of what is added has V vectors, by the caller's promise.
                        let more = unsafe { $load(from.offset(r as isize * row + (v * $lanes) as isize)) };
                        sums[r][v] = $sum(more, sums[r][v]);
                    }
                }
            }
            for r in 0..R {
                for v in 0..V {
                    // SAFETY: row r of C has V vectors, by the caller's promise.
                    unsafe { $store(tile.c.offset(r as isize * tile.c_row + (v * $lanes) as isize), sums[r][v]) };
                }
            }
        }
    };
}

vector_kernel!(avx2, "avx2,fma", AVX2_ROWS, 8,
    _mm256_setzero_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_fmadd_ps _mm256_add_ps);
vector_kernel!(avx512, "avx512f", AVX512_ROWS, 16,
    _mm512_setzero_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_set1_ps _mm512_fmadd_ps _mm512_add_ps);

/// The kernels of one instruction set by rows, then (one vector, one packed, two, two packed).
macro_rules! table {
    ($name:ident: $($rows:literal)*) => {
        [$([$name::<$rows, 1, false>, $name::<$rows, 1, true>, $name::<$rows, 2, false>, $name::<$rows, 2, true>]),*]
    };
}

static PORTABLE: [[Kernel; 4]; PORTABLE_ROWS] = table!(portable: 1 2 3 4);
#[cfg(target_arch = "x86_64")]
static AVX2: [[Kernel; 4]; AVX2_ROWS] = table!(avx2: 1 2 3 4 5 6);
#[cfg(target_arch = "x86_64")]
static AVX512: [[Kernel; 4]; AVX512_ROWS] = table!(avx512: 1 2 3 4 5 6 7 8 9 10 11 12);
