//! Memory that tests hold numbers in.

use crease_core::ir::Format;

use crate::cpu::numbers::elements::{Bf16, Element};

/// Numbers in a format.
#[derive(Clone, Debug)]
pub(in crate::cpu) enum Held {
    Single(Vec<f32>),
    Bf16(Vec<u16>),
}

impl Held {
    /// The nearest there are in the format.
    pub(in crate::cpu) fn new(numbers: &[f32], format: Format) -> Self {
        match format {
            Format::Single => Self::Single(numbers.to_vec()),
            Format::Bf16 => Self::Bf16(numbers.iter().map(|x| Bf16::narrow(*x).0).collect()),
        }
    }

    /// What it holds.
    pub(in crate::cpu) fn numbers(&self) -> Vec<f32> {
        match self {
            Self::Single(numbers) => numbers.clone(),
            Self::Bf16(halves) => halves.iter().map(|half| Bf16(*half).widen()).collect(),
        }
    }

    /// Where it begins.
    pub(in crate::cpu) fn address(&mut self) -> *mut f32 {
        match self {
            Self::Single(numbers) => numbers.as_mut_ptr(),
            Self::Bf16(halves) => halves.as_mut_ptr().cast(),
        }
    }
}

/// How far a result may be off for its last rounding alone.
pub(in crate::cpu) fn rounding(format: Format, value: f64) -> f64 {
    match format {
        Format::Single => 0.0,
        Format::Bf16 => value.abs() / 256.0,
    }
}
