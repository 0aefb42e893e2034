//! How much the planner's bench measures.

/// How much is measured.
pub(super) struct Scope {
    pub(super) seed: u64,
    pub(super) quick: bool,
}

impl Scope {
    /// The sizes (sequences, residues) at which large blocks are planned.
    pub(super) fn large(&self) -> &'static [(u64, u64)] {
        const LARGE: [(u64, u64); 3] = [(128, 256), (512, 1024), (512, 2048)];
        if self.quick { &LARGE[..1] } else { &LARGE }
    }

    /// One number in full, another one when quick.
    pub(super) fn count(&self, full: u64, quick: u64) -> u64 {
        if self.quick { quick } else { full }
    }
}
