//! A walk over every expression of a body.

use super::ast::{Block, Expression, ExpressionKind, Statement};

/// Calls `see` with every expression of a block, outer ones first.
pub(super) fn block<'a>(block: &'a Block, see: &mut dyn FnMut(&'a Expression)) {
    for statement in &block.statements {
        match statement {
            Statement::Let { value, .. } | Statement::Assign { value, .. } | Statement::Expression(value) => {
                expression(value, see);
            }
            Statement::For { over, body, .. } | Statement::Turns { count: over, body, .. } => {
                expression(over, see);
                self::block(body, see);
            }
        }
    }
    if let Some(result) = &block.result {
        expression(result, see);
    }
}

fn expression<'a>(at: &'a Expression, see: &mut dyn FnMut(&'a Expression)) {
    see(at);
    match &at.kind {
        ExpressionKind::Name(_)
        | ExpressionKind::Number(_)
        | ExpressionKind::Integer(_)
        | ExpressionKind::Flag(_)
        | ExpressionKind::Text(_)
        | ExpressionKind::Nothing => {}
        ExpressionKind::Field(base, _) | ExpressionKind::Unary(_, base) => expression(base, see),
        ExpressionKind::Item(a, b) | ExpressionKind::Binary(_, a, b) => {
            expression(a, see);
            expression(b, see);
        }
        ExpressionKind::Call { arguments, named, .. } => {
            arguments.iter().chain(named.iter().map(|n| &n.1)).for_each(|e| expression(e, see));
        }
        ExpressionKind::If { condition: head, then, otherwise }
        | ExpressionKind::IfSome { value: head, then, otherwise, .. } => {
            expression(head, see);
            block(then, see);
            otherwise.iter().for_each(|b| block(b, see));
        }
        ExpressionKind::Tuple(parts) | ExpressionKind::List(parts) => parts.iter().for_each(|p| expression(p, see)),
        ExpressionKind::Block(inner) => block(inner, see),
        ExpressionKind::Einsum { factors, .. } => factors.iter().for_each(|f| expression(&f.0, see)),
    }
}
