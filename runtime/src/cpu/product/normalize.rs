//! The norm of rows that lie packed, side by side: `(x − mean) / √(variance + ε) · scale + offset`, biased variance.

#![allow(unsafe_code)] // Packed strips through raw pointers; each block says why it is sound.

use crate::cpu::numbers::elements::Elements;
use crate::cpu::tile::instructions::InstructionSet;

/// Partial sums of a row: so many are added at a time, whatever the instructions.
const SUMS: usize = 4;

/// One number for each place of a row.
#[derive(Clone, Copy)]
pub(super) struct Affine {
    pub(super) from: Elements,
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
    let places = unsafe { std::slice::from_raw_parts_mut(strip.cast::<[f32; W]>(), k) };
    let count = k as f32;
    let mean = total(places, |x, _| x, &[0.0; W]).map(|sum| sum / count);
    let deviation = total(places, |x, mean| (x - mean) * (x - mean), &mean);
    let shrink = deviation.map(|sum| 1.0 / (sum / count + epsilon).sqrt());
    let at = |affine: Option<Affine>, none: f32, k: usize| match affine {
        // SAFETY: place k of a row, by the caller's promise.
        Some(affine) => unsafe { affine.from.further(k as isize * affine.step).get() },
        None => none,
    };
    let (means, shrinks) = ([mean; SUMS], [shrink; SUMS]);
    let (some, rest) = places.as_chunks_mut::<SUMS>();
    for (i, four) in some.iter_mut().enumerate() {
        let scales: [[f32; W]; SUMS] = std::array::from_fn(|k| [at(scale, 1.0, SUMS * i + k); W]);
        let offsets: [[f32; W]; SUMS] = std::array::from_fn(|k| [at(offset, 0.0, SUMS * i + k); W]);
        apply(four, &means, &shrinks, &scales, &offsets);
    }
    let done = SUMS * some.len();
    for (k, place) in rest.iter_mut().enumerate() {
        let (scale, offset) = (at(scale, 1.0, done + k), at(offset, 0.0, done + k));
        for w in 0..W {
            place[w] = ((place[w] - mean[w]) * shrink[w]).mul_add(scale, offset);
        }
    }
}

/// The norm of some places of every row. Over all of them as one list: it fills vectors where a width does not.
#[inline(always)]
fn apply<const W: usize>(
    places: &mut [[f32; W]; SUMS],
    means: &[[f32; W]; SUMS],
    shrinks: &[[f32; W]; SUMS],
    scales: &[[f32; W]; SUMS],
    offsets: &[[f32; W]; SUMS],
) {
    let places = places.as_flattened_mut();
    let (means, shrinks) = (means.as_flattened(), shrinks.as_flattened());
    let (scales, offsets) = (scales.as_flattened(), offsets.as_flattened());
    for i in 0..SUMS * W {
        places[i] = ((places[i] - means[i]) * shrinks[i]).mul_add(scales[i], offsets[i]);
    }
}

/// The sum of a function of every place, for each row.
#[inline(always)]
fn total<const W: usize>(places: &[[f32; W]], each: impl Fn(f32, f32) -> f32, given: &[f32; W]) -> [f32; W] {
    let (mut sums, givens) = ([[0.0_f32; W]; SUMS], [*given; SUMS]);
    let (some, rest) = places.as_chunks::<SUMS>();
    for four in some {
        let (sums, four, givens) = (sums.as_flattened_mut(), four.as_flattened(), givens.as_flattened());
        for i in 0..SUMS * W {
            sums[i] += each(four[i], givens[i]);
        }
    }
    for (sum, place) in sums.iter_mut().zip(rest) {
        for w in 0..W {
            sum[w] += each(place[w], given[w]);
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
