//! The norm of rows that lie packed, side by side: `(x − mean) / √(variance + ε) · scale + offset`, biased variance.

#![allow(unsafe_code)] // Packed strips through raw pointers; each block says why it is sound.

use super::micro::InstructionSet;

/// Partial sums of a row: so many are added at a time, whatever the instructions.
const SUMS: usize = 4;

/// One number for each place of a row.
#[derive(Clone, Copy)]
pub(super) struct Affine {
    pub(super) from: *const f32,
    /// From one place to the next.
    pub(super) step: isize,
}

/// Normalizes the `width` rows of a packed strip (`strip[k * width + w]`) in place.
///
/// # Safety
/// The machine has `isa`; the strip has `k * width` numbers, scale and offset have `k` each.
pub(super) unsafe fn normalize(
    isa: InstructionSet,
    width: usize,
    strip: *mut f32,
    k: usize,
    epsilon: f32,
    scale: Option<Affine>,
    offset: Option<Affine>,
) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match (isa, width) {
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Avx512, 12) => avx512::<12>(strip, k, epsilon, scale, offset),
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Avx512, 32) => avx512::<32>(strip, k, epsilon, scale, offset),
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Avx2, 6) => avx2::<6>(strip, k, epsilon, scale, offset),
            #[cfg(target_arch = "x86_64")]
            (InstructionSet::Avx2, 16) => avx2::<16>(strip, k, epsilon, scale, offset),
            (_, 4) => plain::<4>(strip, k, epsilon, scale, offset),
            (_, 16) => plain::<16>(strip, k, epsilon, scale, offset),
            _ => unreachable!("no tile is {width} wide"),
        }
    }
}

/// # Safety
/// As [`normalize`], with `W` for `width`.
#[inline(always)]
unsafe fn plain<const W: usize>(
    strip: *mut f32,
    k: usize,
    epsilon: f32,
    scale: Option<Affine>,
    offset: Option<Affine>,
) {
    // SAFETY: the strip is k rows of W numbers, by the caller's promise.
    let rows = unsafe { std::slice::from_raw_parts_mut(strip.cast::<[f32; W]>(), k) };
    let count = k as f32;
    let mean = total(rows, |x, _| x, &[0.0; W]).map(|sum| sum / count);
    let deviation = total(rows, |x, mean| (x - mean) * (x - mean), &mean);
    let shrink = deviation.map(|sum| 1.0 / (sum / count + epsilon).sqrt());
    for (k, row) in rows.iter_mut().enumerate() {
        // SAFETY: place k of a row, by the caller's promise.
        let at = |affine: Affine| unsafe { *affine.from.offset(k as isize * affine.step) };
        let (scale, offset) = (scale.map_or(1.0, at), offset.map_or(0.0, at));
        for w in 0..W {
            row[w] = ((row[w] - mean[w]) * shrink[w]).mul_add(scale, offset);
        }
    }
}

/// The sum of a function of every place, for each row.
#[inline(always)]
fn total<const W: usize>(rows: &[[f32; W]], each: impl Fn(f32, f32) -> f32, given: &[f32; W]) -> [f32; W] {
    let mut sums = [[0.0_f32; W]; SUMS];
    let (fours, rest) = rows.as_chunks::<SUMS>();
    for four in fours {
        for (sum, row) in sums.iter_mut().zip(four) {
            for w in 0..W {
                sum[w] += each(row[w], given[w]);
            }
        }
    }
    for (sum, row) in sums.iter_mut().zip(rest) {
        for w in 0..W {
            sum[w] += each(row[w], given[w]);
        }
    }
    let [a, b, c, d] = sums;
    std::array::from_fn(|w| (a[w] + b[w]) + (c[w] + d[w]))
}

/// # Safety
/// As [`normalize`], on a machine with AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const W: usize>(strip: *mut f32, k: usize, epsilon: f32, scale: Option<Affine>, offset: Option<Affine>) {
    // SAFETY: the caller's promise, passed on.
    unsafe { plain::<W>(strip, k, epsilon, scale, offset) }
}

/// # Safety
/// As [`normalize`], on a machine with AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn avx512<const W: usize>(
    strip: *mut f32,
    k: usize,
    epsilon: f32,
    scale: Option<Affine>,
    offset: Option<Affine>,
) {
    // SAFETY: the caller's promise, passed on.
    unsafe { plain::<W>(strip, k, epsilon, scale, offset) }
}
