//! Names that a loop's body takes from outside, and those it assigns.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::lang::ast::{Block, Expression, ExpressionKind, Pattern, Span, Statement};

/// The outer variables that a block reads and assigns.
#[derive(Default)]
pub(in crate::lang) struct Free {
    /// Names read.
    pub(in crate::lang) read: BTreeSet<String>,
    /// Names assigned, and where first.
    pub(in crate::lang) assigned: BTreeMap<String, Span>,
    declared: Vec<Vec<String>>,
}

/// The names that a body reads and assigns and does not declare itself.
pub(in crate::lang) fn free_names(body: &Block, pattern: &Pattern) -> Free {
    let mut free = Free::default();
    free.declared.push(Vec::new());
    free.pattern(pattern);
    free.block(body);
    free
}

impl Free {
    fn inner(&self, name: &str) -> bool {
        self.declared.iter().flatten().any(|n| n == name)
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Name { name, .. } => {
                if let Some(scope) = self.declared.last_mut() {
                    scope.push(name.text.clone());
                }
            }
            Pattern::Tuple(parts, _) => parts.iter().for_each(|p| self.pattern(p)),
            Pattern::Ignore(_) => {}
        }
    }

    fn assigned(&mut self, pattern: &Pattern, read: bool) {
        match pattern {
            Pattern::Name { name, .. } if !self.inner(&name.text) => {
                self.assigned.entry(name.text.clone()).or_insert(name.span);
                if read {
                    self.read.insert(name.text.clone());
                }
            }
            Pattern::Tuple(parts, _) => parts.iter().for_each(|p| self.assigned(p, read)),
            Pattern::Name { .. } | Pattern::Ignore(_) => {}
        }
    }

    fn block(&mut self, block: &Block) {
        self.declared.push(Vec::new());
        for statement in &block.statements {
            match statement {
                Statement::Let { pattern, value, .. } => {
                    self.expression(value);
                    self.pattern(pattern);
                }
                Statement::Assign { pattern, op, value, .. } => {
                    self.expression(value);
                    self.assigned(pattern, op.is_some());
                }
                Statement::For { pattern, over, body, .. } => {
                    self.expression(over);
                    self.scoped(pattern, body);
                }
                Statement::Turns { count, body, .. } => {
                    self.expression(count);
                    self.block(body);
                }
                Statement::Expression(expression) => self.expression(expression),
            }
        }
        block.result.iter().for_each(|r| self.expression(r));
        self.declared.pop();
    }

    fn scoped(&mut self, pattern: &Pattern, block: &Block) {
        self.declared.push(Vec::new());
        self.pattern(pattern);
        self.block(block);
        self.declared.pop();
    }

    fn expression(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Name(name) => {
                if !self.inner(&name.text) {
                    self.read.insert(name.text.clone());
                }
            }
            ExpressionKind::Number(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Flag(_)
            | ExpressionKind::Text(_)
            | ExpressionKind::Nothing => {}
            ExpressionKind::Field(base, _) | ExpressionKind::Unary(_, base) => self.expression(base),
            ExpressionKind::Item(a, b) | ExpressionKind::Binary(_, a, b) => {
                self.expression(a);
                self.expression(b);
            }
            ExpressionKind::Call { arguments, named, .. } => {
                arguments.iter().chain(named.iter().map(|n| &n.1)).for_each(|e| self.expression(e));
            }
            ExpressionKind::If { condition, then, otherwise } => {
                self.expression(condition);
                self.block(then);
                otherwise.iter().for_each(|b| self.block(b));
            }
            ExpressionKind::IfSome { pattern, value, then, otherwise } => {
                self.expression(value);
                self.scoped(pattern, then);
                otherwise.iter().for_each(|b| self.block(b));
            }
            ExpressionKind::Tuple(parts) | ExpressionKind::List(parts) => {
                parts.iter().for_each(|p| self.expression(p));
            }
            ExpressionKind::Block(block) => self.block(block),
            ExpressionKind::Einsum { factors, .. } => factors.iter().for_each(|f| self.expression(&f.0)),
        }
    }
}
