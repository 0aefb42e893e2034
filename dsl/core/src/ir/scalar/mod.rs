//! Scalar expressions: what is computed for one element, and what that means in 64-bit floats.

mod expr;
mod meaning;

pub use expr::{Binary, Expr, Instr, Unary};
pub use meaning::{binary, number, unary};
