//! Types as written.

use serde::{Deserialize, Serialize};

use super::name::{Ident, Span};

/// A type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// Where.
    pub span: Span,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TypeKind {
    /// `Tensor<R, R, C_Z>`
    Tensor(Vec<SizeExpr>),
    /// `Linear<C_Z, C>`
    Struct(Ident, Vec<SizeExpr>),
    /// `[Block; N]`
    Array(Box<Type>, SizeExpr),
    /// `Option<Tensor<O>>`
    Optional(Box<Type>),
    /// `(A, B)`; the unit type is an empty tuple.
    Tuple(Vec<Type>),
    /// `f32`: a number known when the plan is made.
    Number,
    /// `usize`: a size known when the plan is made.
    Size,
    /// `bool`: a flag known when the plan is made.
    Flag,
}

/// A size in a type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SizeExpr {
    /// What it is.
    pub kind: SizeKind,
    /// Where.
    pub span: Span,
}

/// What a size is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SizeKind {
    /// An axis, constant or generic.
    Name(String),
    /// A number.
    Literal(u64),
    /// `{ A + B }`
    Add(Box<SizeExpr>, Box<SizeExpr>),
    /// `{ A - B }`
    Sub(Box<SizeExpr>, Box<SizeExpr>),
    /// `{ A * B }`
    Mul(Box<SizeExpr>, Box<SizeExpr>),
}
