//! The language without its syntax: trees, their meaning, and diagnostics.
//!
//! [`check`] finds the mistakes in a module, [`promises`] plans its budgets, [`elaborate()`] builds a
//! function's graph. Spans are numbers here; only the macro knows the source.

pub mod ast;
mod check;
mod diagnostic;
mod elaborate;
mod function;
mod kept;
mod model;
mod program;
mod promise;
mod settings;
mod signature;
mod types;
mod visit;

pub use check::check;
pub use diagnostic::{Code, Diagnostic};
pub use function::{Elaborated, Parameter, Signature, Tensor, elaborate, signature};
pub use kept::Keeper;
pub use model::{Model, ModelError};
pub use promise::{Promised, promises};
pub use settings::{Options, Settings};

/// Every builtin: the functions a model may call without importing them.
pub fn words() -> impl Iterator<Item = &'static str> {
    elaborate::builtin_names()
}

#[cfg(test)]
mod tests;
