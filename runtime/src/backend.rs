//! What runs kernels: one trait, every backend lowers the whole menu.

use crease_core::kernel::Kernel;

use crate::error::RunError;

/// One call's pointers and sizes.
pub struct Operands<'a> {
    /// First element of each operand, which is of the format that the kernel says.
    pub loads: &'a [*const f32],
    /// First element of each result, likewise: one, but for contractions of one operand.
    pub stores: &'a [*mut f32],
    /// The extent of each kernel index.
    pub lengths: &'a [u64],
    /// Where each index starts in its full range.
    pub starts: &'a [u64],
    /// Working memory for all threads; null where the kernel needs none.
    pub scratch: *mut u8,
}

/// A device that runs kernels.
pub trait Backend {
    /// A kernel made ready to run.
    type Prepared;

    /// Makes a kernel ready (compiles it).
    ///
    /// # Errors
    /// A kernel that this backend cannot build: a bug, or a plan for another machine.
    fn prepare(&self, kernel: &Kernel) -> Result<Self::Prepared, RunError>;

    /// Threads that run a kernel.
    fn threads(&self) -> u64;

    /// Bytes of working memory that a contraction needs on this backend for each of its threads.
    fn contract_scratch(&self) -> u64;

    /// Runs a kernel to its end.
    ///
    /// # Safety
    /// Pointers, with the kernel's strides and the call's lengths, stay inside memory that nothing
    /// else uses meanwhile, and results overlap operands only where the index table says that they may; scratch holds for each of
    /// [`Backend::threads`] [`Backend::contract_scratch`] bytes for a contraction and
    /// [`crease_core::kernel::Attend::scratch`] bytes for attention.
    #[allow(unsafe_code)] // the contract of raw memory is stated here
    unsafe fn call(&self, kernel: &Self::Prepared, operands: &Operands<'_>);
}
