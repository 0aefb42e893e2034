//! Parts of the program as text, for messages.

use crate::lang::ast::{BinaryOp, Expression, ExpressionKind, UnaryOp};

/// An expression as short text: `w.linear_q`, `sigmoid(…)`.
pub(super) fn source(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Name(name) => name.text.clone(),
        ExpressionKind::Number(x) => format!("{x}"),
        ExpressionKind::Integer(n) => n.to_string(),
        ExpressionKind::Flag(b) => b.to_string(),
        ExpressionKind::Text(text) => format!("\"{text}\""),
        ExpressionKind::Nothing => "None".into(),
        ExpressionKind::Field(base, name) => match base.kind {
            ExpressionKind::Name(_) | ExpressionKind::Field(..) | ExpressionKind::Item(..) => {
                format!("{}.{}", source(base), name.text)
            }
            _ => format!("….{}", name.text),
        },
        ExpressionKind::Item(base, index) => match base.kind {
            ExpressionKind::Name(_) | ExpressionKind::Field(..) => format!("{}[{}]", source(base), source(index)),
            _ => "…[…]".into(),
        },
        ExpressionKind::Call { function, .. } => format!("{}(…)", function.text),
        ExpressionKind::Unary(op, _) => match op {
            UnaryOp::Neg => "-…".into(),
            UnaryOp::Not => "!…".into(),
        },
        ExpressionKind::Binary(op, ..) => format!("… {} …", sign(*op)),
        ExpressionKind::If { .. } | ExpressionKind::IfSome { .. } => "if … { … }".into(),
        ExpressionKind::Tuple(_) => "(…)".into(),
        ExpressionKind::List(_) => "[…]".into(),
        ExpressionKind::Block(_) => "{ … }".into(),
        ExpressionKind::Einsum { .. } => "einsum!(…)".into(),
    }
}

/// An operator as written.
pub(super) fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::And => "&&",
        BinaryOp::Or => "||",
    }
}

/// `1 argument`, `2 arguments`.
pub(super) fn arguments_word(count: usize) -> String {
    match count {
        1 => "1 argument".into(),
        n => format!("{n} arguments"),
    }
}
