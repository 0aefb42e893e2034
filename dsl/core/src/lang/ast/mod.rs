//! The syntax tree of a model module, as the macro reads it and as models export it.
//!
//! It is Rust's own syntax, reduced to what a tensor program needs. Every part that a diagnostic may point at
//! has a [`Span`]: a number that only the macro can map to a place in the user's source.

mod code;
mod module;
mod name;
mod types;

pub use code::{BinaryOp, Block, Expression, ExpressionKind, Pattern, Statement, UnaryOp};
pub use module::{Budget, Constant, Field, Function, Import, Library, Literal, Module, Named, Param, Struct};
pub use name::{Ident, Span};
pub use types::{SizeExpr, SizeKind, Type, TypeKind};
