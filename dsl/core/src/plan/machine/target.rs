//! The machine a plan is made for: what its kernels need and how fast they are.

use serde::{Deserialize, Serialize};

use super::instructions::InstructionSet;
use super::table::Table;

/// A machine: instruction set, threads, and a table of costs as integers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Vector instructions.
    pub instructions: InstructionSet,
    /// The largest number of threads; scratch is planned for each.
    pub threads: u64,
    /// Bytes of packing memory that a contraction needs for each thread.
    pub contract_scratch: u64,
    /// Speed of long contractions of all threads, flop per microsecond.
    pub contract_rate: u64,
    /// Elements that products copy into blocks, all threads, per microsecond.
    pub pack_rate: u64,
    /// Logits of attention per microsecond, all threads: what each costs beyond the two products.
    pub logit_rate: u64,
    /// Speed of scalar expressions of all threads, simple instructions per microsecond.
    pub scalar_rate: u64,
    /// Exponentials of all threads per microsecond.
    pub exponential_rate: u64,
    /// Elements of long rows of softmax per microsecond, all threads.
    pub softmax_rate: u64,
    /// Elements of long normalized rows per microsecond, all threads.
    pub normalize_rate: u64,
    /// Nanoseconds of one thread to begin and end a row of these.
    pub row: u64,
    /// Memory bandwidth of these threads, bytes per microsecond.
    pub bandwidth: u64,
    /// Bytes that the threads' own caches hold together.
    pub cache: u64,
    /// Bandwidth of those caches, bytes per microsecond.
    pub cache_bandwidth: u64,
    /// Nanoseconds that any kernel call costs.
    pub call: u64,
    /// Nanoseconds of work below which only one thread is used.
    pub grain: u64,
}

impl Target {
    /// The shipped table of an instruction set, for a number of threads.
    pub fn shipped(instructions: InstructionSet, threads: u64) -> Target {
        Target::new(Table::shipped(instructions), threads)
    }

    /// A table for a number of threads.
    pub fn new(table: &Table, threads: u64) -> Target {
        let threads = threads.max(1);
        let all = |each: u64| each.saturating_mul(threads);
        Target {
            instructions: table.instructions,
            threads,
            contract_scratch: table.instructions.contract_scratch(),
            contract_rate: all(table.contract_rate),
            pack_rate: all(table.pack_rate),
            logit_rate: all(table.logit_rate),
            scalar_rate: all(table.scalar_rate),
            exponential_rate: all(table.exponential_rate),
            softmax_rate: all(table.softmax_rate),
            normalize_rate: all(table.normalize_rate),
            row: table.row,
            bandwidth: all(table.bandwidth).min(table.bandwidth_most),
            cache: all(table.cache),
            cache_bandwidth: all(table.cache_bandwidth),
            call: table.call,
            grain: table.grain,
        }
    }

    /// Whether its figures are the shipped ones.
    pub fn is_shipped(&self) -> bool {
        *self == Target::shipped(self.instructions, self.threads)
    }
}
