//! Crease without syntax: extents, operations, graphs, rules, planning, the oracle.
//!
//! Pure: no input or output, no unsafe code, no threads, no clocks.

pub mod builder;
pub mod digest;
pub mod fuse;
mod id;
pub mod ir;
pub mod kernel;
pub mod lang;
pub mod oracle;
pub mod plan;
#[doc(hidden)]
pub mod random;
pub mod rules;
pub mod units;

/// Typed ids, and the maps that are keyed by them.
pub use cranelift_entity as entity;
