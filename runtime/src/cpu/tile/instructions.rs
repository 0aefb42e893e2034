//! Which vector instructions the kernels may use, and the size of a tile with each.

use std::sync::atomic::{AtomicU8, Ordering};

/// The vector instructions the kernels may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cpu) enum InstructionSet {
    /// Plain Rust; slow where the target has no fused multiply-add.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512F.
    Avx512,
}

impl InstructionSet {
    /// The best this machine has.
    #[must_use]
    pub(in crate::cpu) fn detect() -> Self {
        static FOUND: AtomicU8 = AtomicU8::new(u8::MAX);
        let cached = FOUND.load(Ordering::Relaxed);
        if let Some(&isa) = [Self::Portable, Self::Avx2, Self::Avx512].get(usize::from(cached)) {
            return isa;
        }
        let best = if Self::Avx512.is_here() {
            Self::Avx512
        } else if Self::Avx2.is_here() {
            Self::Avx2
        } else {
            Self::Portable
        };
        FOUND.store(best as u8, Ordering::Relaxed);
        best
    }

    /// Whether this machine has it.
    #[must_use]
    pub(in crate::cpu) fn is_here(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Self::Avx512 => is_x86_feature_detected!("avx512f") && Self::Avx2.is_here(),
            #[cfg(not(all(target_arch = "x86_64", not(miri))))]
            _ => false,
        }
    }

    /// Rows of a full tile.
    pub(in crate::cpu) const fn rows(self) -> usize {
        match self {
            Self::Portable => PORTABLE_ROWS,
            Self::Avx2 => AVX2_ROWS,
            Self::Avx512 => AVX512_ROWS,
        }
    }

    /// Columns of one vector; a full tile has two.
    pub(in crate::cpu) const fn lanes(self) -> usize {
        match self {
            Self::Portable | Self::Avx2 => 8,
            Self::Avx512 => 16,
        }
    }
}

pub(in crate::cpu) const PORTABLE_ROWS: usize = 4;
pub(in crate::cpu) const AVX2_ROWS: usize = 6;
pub(in crate::cpu) const AVX512_ROWS: usize = 12;
