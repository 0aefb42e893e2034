//! Packing: strips of an operand copied so that a kernel reads them straight through.
//!
//! A strip is W rows of A, or W columns of B, by some of k: `out[k * W + w]`, zero where the operand has no w. There is a
//! fast path for unit stride along w (copy) and along k (transpose); anything else is gathered.

#![allow(unsafe_code)] // Vector intrinsics on raw pointers; each block says why it is sound.

use crease_core::ir::Format;

use super::instructions::InstructionSet;
use crate::cpu::numbers::elements::{Bf16, Element, Elements};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// An element of which eight are loaded at once where the machine can.
pub(in crate::cpu) trait Eight: Element {
    /// Eight neighbors as numbers.
    ///
    /// # Safety
    /// They are in bounds; the machine has AVX2.
    #[cfg(target_arch = "x86_64")]
    unsafe fn eight(from: *const Self) -> __m256;
}

impl Eight for f32 {
    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn eight(from: *const f32) -> __m256 {
        // SAFETY: the caller's promise.
        unsafe { _mm256_loadu_ps(from) }
    }
}

impl Eight for Bf16 {
    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn eight(from: *const Bf16) -> __m256 {
        // SAFETY: the caller's promise.
        let halves = unsafe { _mm_loadu_si128(from.cast()) };
        _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(halves)))
    }
}

/// Where a strip comes from: element (w, k) is at `from + w * w_step + k * k_step`.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Strip {
    pub(in crate::cpu) from: Elements,
    pub(in crate::cpu) w_step: isize,
    pub(in crate::cpu) k_step: isize,
    /// Valid w; the rest of the strip's width is filled with zeros.
    pub(in crate::cpu) wide: usize,
    /// Valid k.
    pub(in crate::cpu) k: usize,
}

/// Copies a strip of `width` to `out`.
///
/// # Safety
/// The machine has `isa`; every element of the strip is in bounds, and `out` has room for `k * width` numbers and does
/// not overlap the operand.
pub(in crate::cpu) unsafe fn pack(isa: InstructionSet, width: usize, strip: Strip, out: *mut f32) {
    // SAFETY: the caller's promise, passed on, with the type of the elements.
    unsafe {
        match strip.from.format() {
            Format::Single => pack_of::<f32>(isa, width, strip, out),
            Format::Bf16 => pack_of::<Bf16>(isa, width, strip, out),
        }
    }
}

/// # Safety
/// As [`pack`]; `E` is what the elements are kept in.
unsafe fn pack_of<E: Eight>(isa: InstructionSet, width: usize, strip: Strip, out: *mut f32) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match (isa, width) {
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Avx2 | InstructionSet::Avx512, 6) => pack_avx2::<6, E>(strip, out),
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Avx2 | InstructionSet::Avx512, 12) => pack_avx2::<12, E>(strip, out),
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Avx2 | InstructionSet::Avx512, 16) => pack_avx2::<16, E>(strip, out),
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Avx2 | InstructionSet::Avx512, 32) => pack_avx2::<32, E>(strip, out),
            (_, 4) => pack_plain::<4, E>(strip, out),
            (_, 16) => pack_plain::<16, E>(strip, out),
            _ => unreachable!("no tile is {width} wide"),
        }
    }
}

/// # Safety
/// As [`pack_of`], with `W` for `width`.
#[inline(always)]
unsafe fn pack_plain<const W: usize, E: Element>(strip: Strip, out: *mut f32) {
    let Strip { w_step, k_step, wide, k, .. } = strip;
    let from = strip.from.address::<E>();
    for k in 0..k {
        // SAFETY: row k of the strip and of `out`, by the caller's promise.
        unsafe {
            let (row, to) = (from.offset(k as isize * k_step), out.add(k * W));
            if wide == W && w_step == 1 {
                for w in 0..W {
                    *to.add(w) = (*row.add(w)).widen();
                }
            } else {
                for w in 0..wide {
                    *to.add(w) = (*row.offset(w as isize * w_step)).widen();
                }
                for w in wide..W {
                    *to.add(w) = 0.0;
                }
            }
        }
    }
}

/// # Safety
/// As [`pack_of`], with `W` for `width`, on a machine with AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn pack_avx2<const W: usize, E: Eight>(strip: Strip, out: *mut f32) {
    let whole = if strip.k_step == 1 && strip.w_step != 1 { strip.k / 8 * 8 } else { 0 };
    // SAFETY: the first `whole` of k here and the rest after it are parts of the strip the caller vouches for.
    unsafe {
        for w in (0..W).step_by(8) {
            if whole > 0 {
                let (wide, keep) = (strip.wide.saturating_sub(w).min(8), (W - w).min(8));
                let from = strip.from.further(w as isize * strip.w_step).address::<E>();
                transpose::<W, E>(from, strip.w_step, wide, whole, out.add(w), keep);
            }
        }
        let rest = Strip { from: strip.from.further(whole as isize * strip.k_step), k: strip.k - whole, ..strip };
        pack_plain::<W, E>(rest, out.add(whole * W));
    }
}

/// Up to eight rows of `k` numbers (a multiple of 8), `step` apart, to columns of `out`, whose rows are `W` apart; `keep`
/// (4, 6 or 8) columns are written, zeros past `wide`.
///
/// # Safety
/// The rows are in bounds and `out` has room; the machine has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn transpose<const W: usize, E: Eight>(
    from: *const E,
    step: isize,
    wide: usize,
    k: usize,
    out: *mut f32,
    keep: usize,
) {
    for k in (0..k).step_by(8) {
        let mut x = [_mm256_setzero_ps(); 8];
        // SAFETY: row w has eight numbers from k on.
        let load = |w: usize| unsafe { E::eight(from.offset(w as isize * step).add(k)) };
        match wide {
            8 => x = [0, 1, 2, 3, 4, 5, 6, 7].map(load),
            4 => [x[0], x[1], x[2], x[3]] = [0, 1, 2, 3].map(load),
            _ => x.iter_mut().enumerate().take(wide).for_each(|(w, row)| *row = load(w)),
        }
        // Pairs, then fours, then halves.
        let mut y = x;
        for i in [0, 2, 4, 6] {
            y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
            y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
        }
        for i in [0, 4] {
            x[i] = _mm256_shuffle_ps::<0x44>(y[i], y[i + 2]);
            x[i + 1] = _mm256_shuffle_ps::<0xee>(y[i], y[i + 2]);
            x[i + 2] = _mm256_shuffle_ps::<0x44>(y[i + 1], y[i + 3]);
            x[i + 3] = _mm256_shuffle_ps::<0xee>(y[i + 1], y[i + 3]);
        }
        for i in 0..4 {
            y[i] = _mm256_permute2f128_ps::<0x20>(x[i], x[i + 4]);
            y[i + 4] = _mm256_permute2f128_ps::<0x31>(x[i], x[i + 4]);
        }
        for (i, row) in y.iter().enumerate() {
            // SAFETY: row k + i of `out` has `keep` numbers from here on.
            unsafe {
                let to = out.add((k + i) * W);
                if keep == 8 {
                    _mm256_storeu_ps(to, *row);
                } else {
                    _mm_storeu_ps(to, _mm256_castps256_ps128(*row));
                    if keep == 6 {
                        _mm_storel_epi64(to.add(4).cast(), _mm_castps_si128(_mm256_extractf128_ps::<1>(*row)));
                    }
                }
            }
        }
    }
}
