//! What is fuzzed: each target takes any bytes, and nothing it does with them may panic, hang or hold much memory.

mod alignment;
mod antibodies;
mod plan;
mod program;
mod safetensors;
mod seeds;
mod structure;
mod tokens;
mod torch;
mod zip;

use crate::mutate::Change;

/// Something that reads what somebody else wrote.
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Longest input that is tried.
    pub longest: usize,
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// A change that keeps most of the format.
    pub change: Change,
    /// Reads an input; tells whether it was accepted.
    pub run: fn(&[u8]) -> bool,
}

/// Every target.
pub const TARGETS: [Target; 12] = [
    alignment::A3M,
    alignment::STOCKHOLM,
    alignment::FASTA,
    antibodies::TARGET,
    structure::PDB,
    structure::CIF,
    torch::TARGET,
    zip::TARGET,
    safetensors::TARGET,
    plan::TARGET,
    tokens::TARGET,
    program::TARGET,
];

/// The target of a name.
pub fn find(name: &str) -> Option<&'static Target> {
    const ALL: &[Target] = &TARGETS;
    ALL.iter().find(|target| target.name == name)
}
