//! Elements in memory: where they are and what they are kept in. Computed with is single precision, whatever the memory
//! holds; what is stored in fewer bits is rounded to nearest, ties to even.

#![allow(unsafe_code)] // Reads and writes through raw pointers; each block says why it is sound.

use crease_core::ir::Format;

use super::arithmetic::Plain;
use super::functions;

/// The first element of a tensor or of a part of one.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Elements {
    from: *mut f32,
    format: Format,
}

impl Elements {
    /// At an address, whatever type the pointer says.
    pub(in crate::cpu) const fn new(from: *mut f32, format: Format) -> Self {
        Self { from, format }
    }

    /// In single precision.
    pub(in crate::cpu) const fn single(from: *const f32) -> Self {
        Self { from: from.cast_mut(), format: Format::Single }
    }

    /// So many elements further.
    #[inline(always)]
    pub(in crate::cpu) fn further(self, elements: isize) -> Self {
        let from = match self.format {
            Format::Single => self.from.wrapping_offset(elements),
            Format::Bf16 => self.from.cast::<u16>().wrapping_offset(elements).cast(),
        };
        Self { from, ..self }
    }

    /// What they are kept in.
    #[inline(always)]
    pub(in crate::cpu) const fn format(self) -> Format {
        self.format
    }

    /// Whether they are kept as they are computed with, so that a kernel may work on them in place.
    #[inline(always)]
    pub(in crate::cpu) const fn is_single(self) -> bool {
        self.format.is_single()
    }

    /// The address of the first element, to be read or written as its format says.
    #[inline(always)]
    pub(in crate::cpu) const fn address<T>(self) -> *mut T {
        self.from.cast()
    }

    /// The first element.
    ///
    /// # Safety
    /// It is in bounds, and nobody writes it.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn get(self) -> f32 {
        // SAFETY: the caller's promise.
        unsafe {
            match self.format {
                Format::Single => *self.from,
                Format::Bf16 => (*self.address::<Bf16>()).widen(),
            }
        }
    }

    /// Stores the first element.
    ///
    /// # Safety
    /// It is in bounds, and nobody else reads or writes it.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn put(self, x: f32) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.format {
                Format::Single => *self.from = x,
                Format::Bf16 => *self.address() = Bf16::narrow(x),
            }
        }
    }
}

/// An element as memory holds it.
pub(in crate::cpu) trait Element: Copy {
    /// As a number to compute with; exact.
    fn widen(self) -> f32;
    /// The nearest element.
    fn narrow(x: f32) -> Self;
}

impl Element for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }

    #[inline(always)]
    fn narrow(x: f32) -> f32 {
        x
    }
}

/// The upper half of a number in single precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(in crate::cpu) struct Bf16(pub(in crate::cpu) u16);

impl Element for Bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }

    #[inline(always)]
    fn narrow(x: f32) -> Bf16 {
        Bf16(functions::bf16(&mut Plain, x) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bf16_rounds_as_the_half_crate_does() {
        let check = |bits: u32| {
            let x = f32::from_bits(bits);
            assert_eq!(Bf16::narrow(x).0, half::bf16::from_f32(x).to_bits(), "{x} ({bits:#x})");
        };
        // Every upper half, with lower halves on both sides of every tie.
        for upper in (0..=0xffff_u32).step_by(if cfg!(miri) { 257 } else { 1 }) {
            [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff].into_iter().for_each(|lower| check(upper << 16 | lower));
            let exact = Bf16(upper as u16).widen();
            assert_eq!(exact.to_bits(), upper << 16);
        }
    }

    #[test]
    fn elements_are_found_by_their_size() {
        let mut words = [0_u16; 8];
        let elements = Elements::new(words.as_mut_ptr().cast(), Format::Bf16);
        // SAFETY: element 3 of eight.
        let read = unsafe {
            elements.further(3).put(1.5);
            elements.further(3).get()
        };
        assert_eq!((read, words), (1.5, [0, 0, 0, 0x3fc0, 0, 0, 0, 0]));
    }
}
