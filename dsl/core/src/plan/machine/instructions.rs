//! Instruction sets that kernels are chosen for, and what they need.

use serde::{Deserialize, Serialize};

/// Vector instructions that kernels are chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstructionSet {
    /// No vector extensions beyond the baseline of the architecture.
    Portable,
    /// 256-bit vectors with fused multiply-add.
    Avx2,
    /// 512-bit vectors.
    Avx512,
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

    /// Bytes of packing memory that a contraction needs for each thread. The kernels are built for it; a
    /// test of the runtime checks that both agree.
    pub fn contract_scratch(self) -> u64 {
        1_245_248
    }
}
