//! The syntax tree of a model module, as the macro reads it and as models export it.
//!
//! It is Rust's own syntax, cut down to what a tensor program needs. Every part that can be at fault
//! carries a [`Span`]: a number that only the macro can turn into a place in the user's source.

use serde::{Deserialize, Serialize};

use crate::ir::Format;

/// A place in the source: a position in the macro's own list; 0 for none (imported definitions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Span(pub u32);

/// A name as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ident {
    /// The name; a path keeps its `::`.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// A model module with everything it imports, so that it can be elaborated alone.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Library {
    /// Every module reachable, each after those it imports; the last one is the library's own.
    pub modules: Vec<Module>,
}

/// One `#[crease::model] mod name { … }`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Module {
    /// Name and content hash: equal identities are the same module.
    pub id: String,
    /// The name as written.
    pub name: String,
    /// Documentation of the module.
    pub doc: String,
    /// What other modules provide.
    pub imports: Vec<Import>,
    /// `type R = Axis;`
    pub axes: Vec<Named>,
    /// `const C_Z: usize = 128;`
    pub constants: Vec<Constant>,
    /// Parameter structs.
    pub structs: Vec<Struct>,
    /// Functions.
    pub functions: Vec<Function>,
}

/// One name brought in by `use`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The name used here (`as` applied).
    pub name: Ident,
    /// Identity of the module that has it.
    pub module: String,
    /// Its name there.
    pub item: Ident,
}

/// A declared name with its documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: Ident,
    /// Its documentation.
    pub doc: String,
}

/// A constant of a module: a setting with a default, bound anew when a plan is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constant {
    /// The name.
    pub name: Ident,
    /// Its documentation.
    pub doc: String,
    /// The default.
    pub value: Literal,
}

/// A constant's value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Literal {
    /// `usize`: a width or a count.
    Size(u64),
    /// `bool`: a flag.
    Flag(bool),
    /// `f32`/`f64`: a number.
    Number(f64),
}

/// A parameter struct.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Struct {
    /// The name.
    pub name: Ident,
    /// Its documentation.
    pub doc: String,
    /// `const C: usize` generics.
    pub generics: Vec<Ident>,
    /// The fields, in order.
    pub fields: Vec<Field>,
}

/// A field of a parameter struct.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The name used in Rust.
    pub name: Ident,
    /// The name in checkpoints: `#[name = "self"]`, else the field's own.
    pub stored: String,
    /// The type.
    pub ty: Type,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// The name.
    pub name: Ident,
    /// Its documentation.
    pub doc: String,
    /// Whether it is `pub`: a model that can be planned and run by itself.
    pub public: bool,
    /// `const C: usize` generics, bound from the arguments' types.
    pub generics: Vec<Ident>,
    /// The parameters.
    pub params: Vec<Param>,
    /// The result's type.
    pub result: Type,
    /// The body.
    pub body: Block,
    /// `#[budget("2 GiB", R = 384)]`, any number.
    pub budgets: Vec<Budget>,
    /// `#[precision(bf16)]`: what values between operations may be kept in where it is planned by itself.
    #[serde(default, skip_serializing_if = "Format::is_single")]
    pub precision: Format,
}

/// A function's parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// The name.
    pub name: Ident,
    /// Whether it is declared `mut`.
    pub mutable: bool,
    /// The type.
    pub ty: Type,
}

/// A promise about memory, checked while compiling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// The text as written, `2 GiB`.
    pub text: String,
    /// Where the text stands.
    pub span: Span,
    /// Sizes and settings the promise is made for.
    pub bindings: Vec<(Ident, Literal)>,
    /// `target = "avx512"`: the machine the promise is made for, where it is not any.
    #[serde(default)]
    pub target: Option<Ident>,
}

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
    /// `for _ in 0..N { … }`: a loop whose turns have the same parameters.
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
    /// Where (its smallest telling token).
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
        /// Where it is there.
        then: Block,
        /// Where it is not.
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
