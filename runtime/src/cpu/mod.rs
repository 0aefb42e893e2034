//! The CPU backend: compiled nests, packed contractions, a pool of threads.

mod ahead;
mod arithmetic;
mod attend;
mod attend_rows;
pub mod contract;
mod contract_kernel;
mod contract_plan;
#[cfg(test)]
mod dice;
mod elements;
mod functions;
#[cfg(test)]
mod held;
pub mod jit;
mod micro;
mod normalize;
mod pack;
pub mod pool;
pub mod speed;
mod tile;
mod tile_program;
mod tile_rows;

use std::sync::Arc;

use crease_core::kernel::{Attend, Kernel};
use crease_core::plan::{InstructionSet, Target};

use crate::backend::{Backend, Operands};
use crate::run::RunError;
use contract_kernel::PreparedContract;
use jit::{CompiledNest, Jit};
use pool::Pool;

/// This machine's processor.
pub struct Cpu {
    pool: Pool,
    jit: Jit,
}

/// A kernel ready to run here.
pub enum Prepared {
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
        let instructions = match contract::InstructionSet::detect() {
            contract::InstructionSet::Avx512 => InstructionSet::Avx512,
            contract::InstructionSet::Avx2 => InstructionSet::Avx2,
            contract::InstructionSet::Portable => InstructionSet::Portable,
        };
        Target::shipped(instructions, self.pool.threads() as u64)
    }
}

impl Backend for Cpu {
    type Prepared = Prepared;

    fn prepare(&self, kernel: &Kernel) -> Result<Prepared, RunError> {
        match kernel {
            Kernel::Nest(nest) => Ok(Prepared::Nest(self.jit.compile(nest).map_err(RunError::kernel)?)),
            Kernel::Contract(contract) => {
                Ok(Prepared::Contract(PreparedContract::new(contract).map_err(RunError::kernel)?))
            }
            Kernel::Attend(attend) => Ok(Prepared::Attend(attend.clone())),
        }
    }

    fn threads(&self) -> u64 {
        self.pool.threads() as u64
    }

    fn contract_scratch(&self) -> u64 {
        contract::scratch_bytes_per_thread() as u64
    }

    #[allow(unsafe_code)] // passes raw memory on to kernels under the trait's contract
    unsafe fn call(&self, kernel: &Prepared, o: &Operands<'_>) {
        match kernel {
            // SAFETY: the caller's contract is the kernel's.
            Prepared::Nest(nest) => unsafe { nest.run(&self.pool, o.loads, o.stores[0], o.lengths, o.starts) },
            Prepared::Contract(contract) => {
                // SAFETY: the caller's contract is the kernel's.
                unsafe { contract.run(&self.pool, o) };
            }
            Prepared::Attend(kernel) => {
                let &Operands { loads, lengths, starts, scratch, .. } = o;
                let own = attend::Operands { loads, store: o.stores[0], lengths, starts, scratch };
                // SAFETY: the caller's contract is the kernel's.
                unsafe { attend::attend(contract::InstructionSet::detect(), &self.pool, kernel, &own) };
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
            (contract::InstructionSet::Portable, InstructionSet::Portable),
            (contract::InstructionSet::Avx2, InstructionSet::Avx2),
            (contract::InstructionSet::Avx512, InstructionSet::Avx512),
        ] {
            assert_eq!(contract::scratch_bytes(kernel) as u64, plan.contract_scratch());
        }
    }
}
