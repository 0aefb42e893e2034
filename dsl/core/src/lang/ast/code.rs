//! The bodies of functions: statements and expressions.

use serde::{Deserialize, Serialize};

use super::name::{Ident, Span};
use super::types::Type;

/// Statements and a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The statements.
    pub statements: Vec<Statement>,
    /// The last expression, if it has no semicolon.
    pub result: Option<Box<Expression>>,
    /// The closing brace (where a missing result is reported).
    pub end: Span,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Statement {
    /// `let (a, mut b): T = value;`
    Let {
        /// The names bound.
        pattern: Pattern,
        /// The type, if written: checked against the value.
        ty: Option<Type>,
        /// The value.
        value: Expression,
    },
    /// `x = value;`, `(m, z) = value;`, `x += value;`
    Assign {
        /// The names assigned; each was declared `mut`.
        pattern: Pattern,
        /// The operator of a compound assignment.
        op: Option<BinaryOp>,
        /// The value.
        value: Expression,
        /// The operator token.
        span: Span,
    },
    /// `for block in w.blocks { … }`: a loop over layers.
    For {
        /// The names bound for each layer.
        pattern: Pattern,
        /// The array of parameters.
        over: Expression,
        /// Run for each; assigns to variables declared before the loop.
        body: Block,
        /// The `for` token.
        span: Span,
    },
    /// `for _ in 0..N { … }`: a loop whose iterations have the same parameters.
    Turns {
        /// How many there are.
        count: Expression,
        /// Run in each; assigns to variables declared before the loop.
        body: Block,
        /// The `for` token.
        span: Span,
    },
    /// An expression for its effect (`if`, `record(…)`).
    Expression(Expression),
}

/// What a `let` binds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pattern {
    /// One name.
    Name {
        /// The name.
        name: Ident,
        /// Whether it may be assigned again.
        mutable: bool,
    },
    /// Several.
    Tuple(Vec<Pattern>, Span),
    /// `_`
    Ignore(Span),
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Where (the token that best identifies it).
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExpressionKind {
    /// A variable, constant or axis; a path keeps its `::`.
    Name(Ident),
    /// `1.5`
    Number(f64),
    /// `2`
    Integer(u64),
    /// `true`
    Flag(bool),
    /// `"ikc,jkc->ijc"`
    Text(String),
    /// `None`
    Nothing,
    /// `w.linear_q`
    Field(Box<Expression>, Ident),
    /// `w.blocks[0]`, `pair.0` (as an integer index)
    Item(Box<Expression>, Box<Expression>),
    /// `f(a, over = b)`; a method call `a.f(b)` is the same as `f(a, b)`.
    Call {
        /// The function's name.
        function: Ident,
        /// Positional arguments.
        arguments: Vec<Expression>,
        /// Arguments given by name.
        named: Vec<(Ident, Expression)>,
    },
    /// `-x`, `!flag`
    Unary(UnaryOp, Box<Expression>),
    /// `a + b`; the expression's span is the operator.
    Binary(BinaryOp, Box<Expression>, Box<Expression>),
    /// `if FLAG { … } else { … }`
    If {
        /// Known when the plan is made.
        condition: Box<Expression>,
        /// Where it holds.
        then: Block,
        /// Where it does not.
        otherwise: Option<Block>,
    },
    /// `if let Some(b) = w.bias { … } else { … }`
    IfSome {
        /// The name bound.
        pattern: Pattern,
        /// The optional value.
        value: Box<Expression>,
        /// The branch where it is present.
        then: Block,
        /// The branch where it is absent.
        otherwise: Option<Block>,
    },
    /// `(m, z)`
    Tuple(Vec<Expression>),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{ … }`
    Block(Block),
    /// `einsum!([i, j, c] = a[i, k, c] * b[j, k, c])`
    Einsum {
        /// Indices of the result.
        result: Vec<Ident>,
        /// Factors, each with its indices.
        factors: Vec<(Expression, Vec<Ident>)>,
    },
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `!`
    Not,
}

/// An infix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `&&`
    And,
    /// `||`
    Or,
}
