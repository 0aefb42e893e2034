//! Modules made by hand: what is said about wrong ones, which graphs right ones become.

mod build;
mod mistakes;
mod random;

use super::ast::*;
use crate::ir::Format;

/// Each identifier's span is the number of its first letter among the cases' own; tests do not look at it.
fn ident(text: &str) -> Ident {
    Ident { text: text.into(), span: Span(1) }
}

fn at(kind: ExpressionKind) -> Expression {
    Expression { kind, span: Span(2) }
}

/// A variable, or a path of fields: `w.norm`.
fn e(path: &str) -> Expression {
    let mut parts = path.split('.');
    let first = at(ExpressionKind::Name(ident(parts.next().unwrap_or_default())));
    parts.fold(first, |base, field| at(ExpressionKind::Field(Box::new(base), ident(field))))
}

fn text(text: &str) -> Expression {
    at(ExpressionKind::Text(text.into()))
}

fn int(n: u64) -> Expression {
    at(ExpressionKind::Integer(n))
}

fn num(x: f64) -> Expression {
    at(ExpressionKind::Number(x))
}

/// A call; an argument `("over", x)` is given by name, `("", x)` by position.
fn call(function: &str, arguments: &[(&str, Expression)]) -> Expression {
    let (positional, named): (Vec<_>, Vec<_>) = arguments.iter().cloned().partition(|(name, _)| name.is_empty());
    at(ExpressionKind::Call {
        function: ident(function),
        arguments: positional.into_iter().map(|a| a.1).collect(),
        named: named.into_iter().map(|(name, value)| (ident(name), value)).collect(),
    })
}

fn op(a: Expression, op: BinaryOp, b: Expression) -> Expression {
    at(ExpressionKind::Binary(op, Box::new(a), Box::new(b)))
}

fn block(statements: Vec<Statement>, result: Option<Expression>) -> Block {
    Block { statements, result: result.map(Box::new), end: Span(3) }
}

fn declare(name: &str, mutable: bool, value: Expression) -> Statement {
    Statement::Let { pattern: Pattern::Name { name: ident(name), mutable }, ty: None, value }
}

fn assign(name: &str, value: Expression) -> Statement {
    let pattern = Pattern::Name { name: ident(name), mutable: false };
    Statement::Assign { pattern, op: None, value, span: Span(4) }
}

fn layers(name: &str, over: Expression, statements: Vec<Statement>) -> Statement {
    let pattern = Pattern::Name { name: ident(name), mutable: false };
    Statement::For { pattern, over, body: block(statements, None), span: Span(5) }
}

fn turns(count: Expression, statements: Vec<Statement>) -> Statement {
    Statement::Turns { count, body: block(statements, None), span: Span(5) }
}

/// A size: a name, a number, or a product `H*D`.
fn size(text: &str) -> SizeExpr {
    let kind = match (text.split_once('*'), text.parse()) {
        (Some((a, b)), _) => SizeKind::Mul(Box::new(size(a)), Box::new(size(b))),
        (None, Ok(n)) => SizeKind::Literal(n),
        (None, Err(_)) => SizeKind::Name(text.into()),
    };
    SizeExpr { kind, span: Span(6) }
}

/// A type: `R R C` is a tensor, `Linear: C C` a struct, `[Block: C; N]` an array, `?C` optional, `f32`.
fn ty(text: &str) -> Type {
    let sizes = |text: &str| text.split_whitespace().map(size).collect();
    let kind = if let Some(inner) = text.strip_prefix('?') {
        TypeKind::Optional(Box::new(ty(inner)))
    } else if let Some((of, count)) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')?.split_once("; ")) {
        TypeKind::Array(Box::new(ty(of)), size(count))
    } else if let Some((name, arguments)) = text.split_once(':') {
        TypeKind::Struct(ident(name), sizes(arguments))
    } else if text.contains(',') {
        TypeKind::Tuple(text.split(',').map(ty).collect())
    } else {
        match text {
            "f32" => TypeKind::Number,
            "bool" => TypeKind::Flag,
            "usize" => TypeKind::Size,
            "()" => TypeKind::Tuple(Vec::new()),
            shape => TypeKind::Tensor(sizes(shape)),
        }
    };
    Type { kind, span: Span(7) }
}

fn structure(name: &str, generics: &[&str], fields: &[(&str, &str)]) -> Struct {
    let field = |(name, of): &(&str, &str)| Field { name: ident(name), stored: (*name).into(), ty: ty(of) };
    Struct {
        name: ident(name),
        doc: String::new(),
        generics: generics.iter().map(|g| ident(g)).collect(),
        fields: fields.iter().map(field).collect(),
    }
}

fn function(name: &str, params: &[(&str, &str)], result: &str, body: Block) -> Function {
    let param = |(name, of): &(&str, &str)| Param { name: ident(name), mutable: false, ty: ty(of) };
    Function {
        name: ident(name),
        doc: String::new(),
        public: true,
        generics: Vec::new(),
        params: params.iter().map(param).collect(),
        result: ty(result),
        body,
        budgets: Vec::new(),
        precision: Format::Single,
    }
}

/// Axes R, S; sizes C = 4, D = 6, H = 2, N = 3; flag FLAG; number EPS; structs `Block` and `P`.
fn module(functions: Vec<Function>) -> Module {
    let named = |name: &str| Named { name: ident(name), doc: String::new() };
    let constant = |name: &str, value: Literal| Constant { name: ident(name), doc: String::new(), value };
    Module {
        id: "m".into(),
        name: "m".into(),
        axes: vec![named("R"), named("S")],
        constants: vec![
            constant("C", 4.into()),
            constant("D", 6.into()),
            constant("H", 2.into()),
            constant("N", 3.into()),
            constant("FLAG", true.into()),
            constant("EPS", 1e-3.into()),
        ],
        structs: vec![
            structure("Block", &["W"], &[("linear", "Linear: W W"), ("bias", "?W")]),
            structure(
                "P",
                &[],
                &[("norm", "LayerNorm: C"), ("up", "Linear: C D"), ("blocks", "[Block: C; N]"), ("first", "Block: C")],
            ),
        ],
        functions,
        ..Module::default()
    }
}

/// A library of one module with a function `f(z: [R, R, C], m: [S, R, C], mask: [S, R], w: P)`.
fn library(result: &str, body: Block) -> Library {
    let params = [("z", "R R C"), ("m", "S R C"), ("mask", "S R"), ("w", "P:")];
    // Every parameter and field is read, so that nothing is said about them.
    let mut body = body;
    let touch = ["z", "m", "mask", "w.norm.weight", "w.up.weight", "w.first.linear.weight", "w.first.bias", "w.blocks"];
    let reads = touch.iter().enumerate().map(|(k, path)| declare(&format!("_t{k}"), false, e(path)));
    body.statements.splice(0..0, reads);
    let attend =
        function("twice", &[("x", "S C"), ("k", "f32")], "S C", block(vec![], Some(op(e("x"), BinaryOp::Mul, e("k")))));
    Library { modules: vec![module(vec![attend, function("f", &params, result, body)])] }
}
