//! The CPU backend: compiled nests, packed contractions, a pool of threads.

mod attention;
pub mod jit;
mod numbers;
pub mod pool;
mod product;
pub mod speed;
#[cfg(test)]
mod testing;
mod tile;

use std::sync::Arc;

use crease_core::kernel::{Attend, Kernel};
use crease_core::plan::{InstructionSet, Target};

use crate::backend::{Backend, Operands};
use crate::error::RunError;
use jit::{CompiledNest, Jit};
use pool::Pool;
use product::PreparedContract;
use tile::instructions::InstructionSet as Instructions;

/// This machine's processor.
pub struct Cpu {
    pool: Pool,
    jit: Jit,
}

/// A kernel ready to run here.
pub struct Prepared(Ready);

enum Ready {
    /// Machine code.
    Nest(Arc<CompiledNest>),
    /// Strides and programs for the packed contraction.
    Contract(PreparedContract),
    /// Strides for attention.
    Attend(Attend),
}

impl Cpu {
    /// The processor with a number of threads; none for all that the process may use.
    ///
    /// # Errors
    /// A machine that the code generator does not know.
    pub fn new(threads: Option<usize>) -> Result<Cpu, RunError> {
        let pool = Pool::new(threads.unwrap_or_else(pool::available_threads).max(1));
        Ok(Cpu { pool, jit: Jit::new().map_err(RunError::kernel)? })
    }

    /// Threads that run kernels.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// What plans for this machine are made for.
    pub fn target(&self) -> Target {
        let instructions = match Instructions::detect() {
            Instructions::Avx512 => InstructionSet::Avx512,
            Instructions::Avx2 => InstructionSet::Avx2,
            Instructions::Portable => InstructionSet::Portable,
        };
        Target::shipped(instructions, self.pool.threads() as u64)
    }
}

impl Backend for Cpu {
    type Prepared = Prepared;

    fn prepare(&self, kernel: &Kernel) -> Result<Prepared, RunError> {
        match kernel {
            Kernel::Nest(nest) => self.jit.compile(nest).map(Ready::Nest).map_err(RunError::kernel),
            Kernel::Contract(contract) => {
                PreparedContract::new(contract).map(Ready::Contract).map_err(RunError::kernel)
            }
            Kernel::Attend(attend) => Ok(Ready::Attend(attend.clone())),
        }
        .map(Prepared)
    }

    fn threads(&self) -> u64 {
        self.pool.threads() as u64
    }

    fn contract_scratch(&self) -> u64 {
        product::scratch_bytes_per_thread() as u64
    }

    #[allow(unsafe_code)] // passes raw memory on to kernels under the trait's contract
    unsafe fn call(&self, kernel: &Prepared, o: &Operands<'_>) {
        match &kernel.0 {
            // SAFETY: the caller's contract is the kernel's.
            Ready::Nest(nest) => unsafe { nest.run(&self.pool, o.loads, o.stores[0], o.lengths, o.starts) },
            Ready::Contract(contract) => {
                // SAFETY: the caller's contract is the kernel's.
                unsafe { contract.run(&self.pool, o) };
            }
            Ready::Attend(kernel) => {
                let &Operands { loads, lengths, starts, scratch, .. } = o;
                let own = attention::Operands { loads, store: o.stores[0], lengths, starts, scratch };
                // SAFETY: the caller's contract is the kernel's.
                unsafe { attention::attend(Instructions::detect(), &self.pool, kernel, &own) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_count_the_scratch_that_kernels_use() {
        for (kernel, plan) in [
            (Instructions::Portable, InstructionSet::Portable),
            (Instructions::Avx2, InstructionSet::Avx2),
            (Instructions::Avx512, InstructionSet::Avx512),
        ] {
            assert_eq!(product::scratch_bytes(kernel) as u64, plan.contract_scratch());
        }
    }
}
