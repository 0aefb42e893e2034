//! A tree as one short line, to compare.

use crease_core::lang::ast::{
    Block, Expression, ExpressionKind, Function, Ident, Literal, Module, Pattern, SizeExpr, SizeKind, Statement, Type,
    TypeKind,
};

/// A module, an item a line.
pub(super) fn module(module: &Module) -> String {
    let mut lines = Vec::new();
    for axis in &module.axes {
        lines.push(format!("axis {}{}", axis.name.text, doc(&axis.doc)));
    }
    for constant in &module.constants {
        let value = literal(constant.value);
        lines.push(format!("{} = {value}{}", constant.name.text, doc(&constant.doc)));
    }
    for item in &module.structs {
        let fields = item.fields.iter().map(|field| {
            let stored = if field.stored == field.name.text { String::new() } else { format!("({})", field.stored) };
            format!("{}{stored}: {}", field.name.text, ty(&field.ty))
        });
        let generics = names(&item.generics);
        lines.push(format!("struct {}<{generics}> {}", item.name.text, join(fields)));
    }
    lines.extend(module.functions.iter().map(function));
    lines.join("\n")
}

fn doc(doc: &str) -> String {
    if doc.is_empty() { String::new() } else { format!(" // {doc}") }
}

fn literal(literal: Literal) -> String {
    match literal {
        Literal::Size(size) => size.to_string(),
        Literal::Flag(flag) => flag.to_string(),
        Literal::Number(number) => format!("{number:?}"),
    }
}

fn function(function: &Function) -> String {
    let budgets = function.budgets.iter().map(|budget| {
        let bindings = budget.bindings.iter();
        let bindings = bindings.map(|(name, value)| format!("{}={}", name.text, literal(*value)));
        let bindings = bindings.chain(budget.target.iter().map(|target| target.text.clone()));
        format!("@{}[{}] ", budget.text, join(bindings))
    });
    let budgets: String = budgets.collect();
    let precision = if function.precision.is_single() { String::new() } else { format!("~{} ", function.precision) };
    let public = if function.public { "pub " } else { "" };
    let params = function.params.iter().map(|param| {
        let mutable = if param.mutable { "mut " } else { "" };
        format!("{mutable}{}: {}", param.name.text, ty(&param.ty))
    });
    format!(
        "{budgets}{precision}{public}fn {}<{}>({}) -> {} {}",
        function.name.text,
        names(&function.generics),
        join(params),
        ty(&function.result),
        block(&function.body)
    )
}

fn names(names: &[Ident]) -> String {
    join(names.iter().map(|name| name.text.clone()))
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn ty(ty: &Type) -> String {
    match &ty.kind {
        TypeKind::Tensor(sizes) => format!("T<{}>", join(sizes.iter().map(size))),
        TypeKind::Struct(name, sizes) => format!("{}<{}>", name.text, join(sizes.iter().map(size))),
        TypeKind::Array(element, length) => format!("[{}; {}]", self::ty(element), size(length)),
        TypeKind::Optional(inner) => format!("{}?", self::ty(inner)),
        TypeKind::Tuple(parts) => format!("({})", join(parts.iter().map(self::ty))),
        TypeKind::Number => "f32".to_owned(),
        TypeKind::Size => "usize".to_owned(),
        TypeKind::Flag => "bool".to_owned(),
    }
}

fn size(size: &SizeExpr) -> String {
    match &size.kind {
        SizeKind::Name(name) => name.clone(),
        SizeKind::Literal(number) => number.to_string(),
        SizeKind::Add(a, b) => format!("({} + {})", self::size(a), self::size(b)),
        SizeKind::Sub(a, b) => format!("({} - {})", self::size(a), self::size(b)),
        SizeKind::Mul(a, b) => format!("({} * {})", self::size(a), self::size(b)),
    }
}

/// `{statement; statement; result}`
pub(super) fn block(block: &Block) -> String {
    let statements = block.statements.iter().map(|s| format!("{};", statement(s)));
    let result = block.result.iter().map(|result| expression(result));
    let parts: Vec<String> = statements.chain(result).collect();
    format!("{{{}}}", parts.join(" "))
}

fn statement(statement: &Statement) -> String {
    match statement {
        Statement::Let { pattern, ty, value } => {
            let ty = ty.as_ref().map_or_else(String::new, |ty| format!(": {}", self::ty(ty)));
            format!("let {}{ty} = {}", self::pattern(pattern), expression(value))
        }
        Statement::Assign { pattern, op, value, .. } => {
            let op = op.map_or_else(String::new, |op| format!("{op:?}"));
            format!("{} {op}= {}", self::pattern(pattern), expression(value))
        }
        Statement::For { pattern, over, body, .. } => {
            let pattern = self::pattern(pattern);
            format!("for {pattern} in {} {}", expression(over), block(body))
        }
        Statement::Turns { count, body, .. } => format!("for _ in 0..{} {}", expression(count), block(body)),
        Statement::Expression(value) => expression(value),
    }
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Name { name, mutable: true } => format!("mut {}", name.text),
        Pattern::Name { name, .. } => name.text.clone(),
        Pattern::Tuple(parts, _) => format!("({})", join(parts.iter().map(self::pattern))),
        Pattern::Ignore(_) => "_".to_owned(),
    }
}

fn expression(value: &Expression) -> String {
    let list = |parts: &[Expression]| join(parts.iter().map(expression));
    match &value.kind {
        ExpressionKind::Name(name) => name.text.clone(),
        ExpressionKind::Number(number) => format!("{number:?}"),
        ExpressionKind::Integer(number) => number.to_string(),
        ExpressionKind::Flag(flag) => flag.to_string(),
        ExpressionKind::Text(text) => format!("{text:?}"),
        ExpressionKind::Nothing => "nothing".to_owned(),
        ExpressionKind::Field(base, name) => format!("{}.{}", expression(base), name.text),
        ExpressionKind::Item(base, item) => format!("{}[{}]", expression(base), expression(item)),
        ExpressionKind::Call { function, arguments, named } => {
            let named = named.iter().map(|(name, value)| format!("{}={}", name.text, expression(value)));
            let arguments = arguments.iter().map(expression).chain(named);
            format!("{}({})", function.text, join(arguments))
        }
        ExpressionKind::Unary(op, operand) => format!("({op:?} {})", expression(operand)),
        ExpressionKind::Binary(op, left, right) => {
            format!("({} {op:?} {})", expression(left), expression(right))
        }
        ExpressionKind::If { condition, then, otherwise } => {
            let condition = expression(condition);
            format!("if {condition} {}{}", block(then), or(otherwise.as_ref()))
        }
        ExpressionKind::IfSome { pattern, value, then, otherwise } => {
            let (pattern, value) = (self::pattern(pattern), expression(value));
            format!("if {pattern} = {value} {}{}", block(then), or(otherwise.as_ref()))
        }
        ExpressionKind::Tuple(parts) => format!("({})", list(parts)),
        ExpressionKind::List(parts) => format!("[{}]", list(parts)),
        ExpressionKind::Block(inner) => block(inner),
        ExpressionKind::Einsum { result, factors } => {
            let factors = factors.iter();
            let factors = factors.map(|(value, indices)| format!("{}[{}]", expression(value), names(indices)));
            let factors: Vec<String> = factors.collect();
            format!("einsum [{}] = {}", names(result), factors.join(" * "))
        }
    }
}

fn or(otherwise: Option<&Block>) -> String {
    otherwise.map_or_else(String::new, |block| format!(" else {}", self::block(block)))
}
