//! What attention does to a row: terms added to logits, the online softmax, the result stored.

#![allow(unsafe_code)] // Rows through raw pointers, and vectors; each block says why it is sound.

use crease_core::ir::Format;

use crate::cpu::numbers::arithmetic::Plain;
use crate::cpu::numbers::elements::{Bf16, Element, Elements};
use crate::cpu::numbers::functions::exp_of_negative;
use crate::cpu::tile::instructions::InstructionSet;

/// Numbers of a row that are treated at a time, whatever the machine's vectors.
pub(super) const LANES: usize = 16;

/// What is known of one query's logits so far.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Row {
    pub(super) largest: f32,
    pub(super) sum: f32,
    /// What the last block of keys multiplied earlier sums by.
    pub(super) kept: f32,
    pub(super) unused: f32,
}

/// Stores a row of scaled sums, from element to element by a step.
///
/// # Safety
/// The result has as many elements as there are sums, and they are nobody else's.
pub(super) unsafe fn put(result: Elements, step: isize, sums: &[f32], scale: f32) {
    // SAFETY: the caller's promise, passed on with the type of the elements.
    unsafe {
        match result.format() {
            Format::Single => put_as::<f32>(result.address(), step, sums, scale),
            Format::Bf16 => put_as::<Bf16>(result.address(), step, sums, scale),
        }
    }
}

/// # Safety
/// As [`put`].
#[inline(always)]
unsafe fn put_as<E: Element>(result: *mut E, step: isize, sums: &[f32], scale: f32) {
    // SAFETY: the caller's promise.
    unsafe {
        if step == 1 {
            let result = std::slice::from_raw_parts_mut(result, sums.len());
            result.iter_mut().zip(sums).for_each(|(x, sum)| *x = E::narrow(sum * scale));
        } else {
            let each = sums.iter().enumerate();
            each.for_each(|(c, sum)| *result.offset(c as isize * step) = E::narrow(sum * scale));
        }
    }
}

/// Adds a strided term to a row.
///
/// # Safety
/// The machine has `isa`; the term has as many elements as the row.
pub(super) unsafe fn add(isa: InstructionSet, row: &mut [f32], term: Elements, step: isize) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match isa {
            InstructionSet::Portable => add_plain(row, term, step),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => add_avx2(row, term, step),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => add_avx512(row, term, step),
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("not on this architecture"),
        }
    }
}

/// # Safety
/// As [`add`].
#[inline(always)]
unsafe fn add_plain(row: &mut [f32], term: Elements, step: isize) {
    // SAFETY: the caller's promise, passed on with the type of the elements.
    unsafe {
        match term.format() {
            Format::Single => add_of::<f32>(row, term.address(), step),
            Format::Bf16 => add_of::<Bf16>(row, term.address(), step),
        }
    }
}

/// # Safety
/// As [`add`].
#[inline(always)]
unsafe fn add_of<E: Element>(row: &mut [f32], term: *const E, step: isize) {
    // SAFETY: the caller's promise.
    unsafe {
        match step {
            0 => {
                let same = (*term).widen();
                row.iter_mut().for_each(|x| *x += same);
            }
            1 => {
                let term = std::slice::from_raw_parts(term, row.len());
                row.iter_mut().zip(term).for_each(|(x, y)| *x += y.widen());
            }
            _ => row.iter_mut().enumerate().for_each(|(j, x)| *x += (*term.offset(j as isize * step)).widen()),
        }
    }
}

/// # Safety
/// As [`add`], on a machine with AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn add_avx2(row: &mut [f32], term: Elements, step: isize) {
    // SAFETY: the caller's promise, passed on.
    unsafe { add_plain(row, term, step) }
}

/// # Safety
/// As [`add`], on a machine with AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn add_avx512(row: &mut [f32], term: Elements, step: isize) {
    // SAFETY: the caller's promise, passed on.
    unsafe { add_plain(row, term, step) }
}

/// One block of the online softmax: `logits` become exponentials, `sums` and the state are brought to their scale.
///
/// # Safety
/// The machine has `isa`.
pub(super) unsafe fn weigh(isa: InstructionSet, logits: &mut [f32], state: &mut Row, sums: &mut [f32]) {
    match isa {
        InstructionSet::Portable => weigh_plain(logits, state, sums),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's promise.
        InstructionSet::Avx2 => unsafe { weigh_avx2(logits, state, sums) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's promise.
        InstructionSet::Avx512 => unsafe { weigh_avx512(logits, state, sums) },
        #[cfg(not(target_arch = "x86_64"))]
        _ => unreachable!("not on this architecture"),
    }
}

#[inline(always)]
fn weigh_plain(logits: &mut [f32], state: &mut Row, sums: &mut [f32]) {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (chunks, _) = logits.as_chunks_mut::<LANES>();
    let mut most = [f32::NEG_INFINITY; LANES];
    for chunk in chunks.iter() {
        for (m, x) in most.iter_mut().zip(chunk) {
            *m = larger(*m, *x);
        }
    }
    let largest = most.into_iter().fold(state.largest, larger);
    // Where every logit so far is −∞ each weight is 0, not NaN: later keys may still count.
    let base = if largest == f32::NEG_INFINITY { 0.0 } else { largest };
    let mut total = [0.0_f32; LANES];
    for chunk in chunks {
        for (t, x) in total.iter_mut().zip(chunk) {
            *x = exp_of_negative(&mut Plain, *x - base);
            *t += *x;
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            total[lane] += total[lane + width];
        }
        width /= 2;
    }
    state.kept = exp_of_negative(&mut Plain, state.largest - base);
    state.sum = state.sum.mul_add(state.kept, total[0]);
    state.largest = largest;
    if state.kept != 1.0 {
        sums.iter_mut().for_each(|x| *x *= state.kept);
    }
}

/// # Safety
/// The machine has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn weigh_avx2(logits: &mut [f32], state: &mut Row, sums: &mut [f32]) {
    weigh_plain(logits, state, sums);
}

/// # Safety
/// The machine has AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn weigh_avx512(logits: &mut [f32], state: &mut Row, sums: &mut [f32]) {
    weigh_plain(logits, state, sums);
}
