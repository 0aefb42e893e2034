//! General contraction of strided f32 tensors: every einsum of two operands, without a copy of either, and several at
//! once that have an operand in common. Rows of that operand may be normalized first, sums be put through an expression
//! before they are stored.
//!
//! The indices are merged and one of each kind is chosen as an axis of a matrix product; the rest become loops
//! (`contract_plan`). Tasks pack blocks of the operands into their worker's scratch (`pack`, `normalize`), run register
//! tiles over them (`micro`) and finish these (`tile_program`). Nothing is allocated: scratch is the caller's, so that
//! the memory plan knows it. Each element of a result is the same sum in the same order whatever the number of threads
//! or the instruction set.

mod block;
mod call;
mod dims;
mod normalize;
mod packing;
mod plan;
mod prepared;
mod program;
mod run;
mod spec;

#[cfg(test)]
pub(super) use call::scratch_bytes;
pub(super) use call::scratch_bytes_per_thread;
pub(super) use prepared::PreparedContract;
