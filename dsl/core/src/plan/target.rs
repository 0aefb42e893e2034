//! The machine a plan is made for: what its kernels need and how fast they are.

use serde::{Deserialize, Serialize};

/// Vector instructions that kernels are chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum InstructionSet {
    /// Nothing beyond what every machine has.
    Portable,
    /// 256-bit vectors with fused multiply-add.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

/// A machine: instruction set, threads, and a table of costs as integers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Vector instructions.
    pub instructions: InstructionSet,
    /// The largest number of threads; scratch is planned for each.
    pub threads: u64,
    /// Bytes of packing memory that a contraction needs for each thread.
    pub contract_scratch: u64,
    /// Contraction speed of all threads, in flop per microsecond.
    pub contract_rate: u64,
    /// Logits of attention per microsecond, all threads: what each costs beyond the two products.
    pub logit_rate: u64,
    /// Speed of scalar expressions of all threads, in simple instructions per microsecond.
    pub scalar_rate: u64,
    /// Memory bandwidth, bytes per microsecond.
    pub bandwidth: u64,
    /// Bytes that the threads' own caches hold together.
    pub cache: u64,
    /// Bandwidth of those caches, bytes per microsecond.
    pub cache_bandwidth: u64,
    /// Nanoseconds that any kernel call costs.
    pub call: u64,
}

impl InstructionSet {
    /// Every one.
    pub const ALL: [InstructionSet; 3] = [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512];

    /// The name as `--target` and `#[budget(target = …)]` take it.
    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Portable => "portable",
            InstructionSet::Avx2 => "avx2",
            InstructionSet::Avx512 => "avx512",
        }
    }

    /// The instruction set of a name.
    pub fn from_name(name: &str) -> Option<InstructionSet> {
        InstructionSet::ALL.into_iter().find(|i| i.name() == name)
    }
}

impl Target {
    /// The shipped table of an instruction set, for a number of threads.
    pub fn shipped(instructions: InstructionSet, threads: u64) -> Target {
        let threads = threads.max(1);
        // Per thread: flop/µs of a contraction as measured on Zen 3 and Zen 5 at 4 GHz.
        let (contract, logits) = match instructions {
            InstructionSet::Portable => (12_000, 250),
            InstructionSet::Avx2 => (85_000, 2_000),
            InstructionSet::Avx512 => (215_000, 4_000),
        };
        Target {
            instructions,
            threads,
            contract_scratch: instructions.contract_scratch(),
            contract_rate: contract * threads,
            logit_rate: logits * threads,
            scalar_rate: 4_000 * threads,
            bandwidth: 20_000 * threads.min(2),
            cache: (1 << 20) * threads,
            cache_bandwidth: 100_000 * threads,
            call: 4_000,
        }
    }
}

impl InstructionSet {
    /// Bytes of packing memory a contraction needs for each thread. The kernels are built to it; a
    /// test of the runtime holds the two together.
    pub fn contract_scratch(self) -> u64 {
        1_245_248
    }
}
