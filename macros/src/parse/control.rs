//! Control flow: `if`, `if let` and `for`.

use crease_core::lang::Code;
use crease_core::lang::ast::{Block, Expression, ExpressionKind, Pattern, Statement};
use syn::{Expr, ExprForLoop, ExprIf, ExprLet, ExprRange, Pat, RangeLimits};

use super::body::gives_value;
use super::item::text;
use super::{Reader, start};

const IF_SOME: &str = "write `if let Some(bias) = w.bias { … } else { … }`";

impl Reader {
    pub(super) fn if_expression(&mut self, expr: &ExprIf) -> Expression {
        let kind = match &*expr.cond {
            Expr::Let(condition) => {
                let pattern = self.some_pattern(condition);
                ExpressionKind::IfSome {
                    pattern,
                    value: Box::new(self.expression(&condition.expr)),
                    then: self.block(&expr.then_branch),
                    otherwise: self.otherwise(expr),
                }
            }
            condition => ExpressionKind::If {
                condition: Box::new(self.expression(condition)),
                then: self.block(&expr.then_branch),
                otherwise: self.otherwise(expr),
            },
        };
        Expression { kind, span: self.span(expr.if_token.span) }
    }

    fn some_pattern(&mut self, condition: &ExprLet) -> Pattern {
        if let Pat::TupleStruct(some) = &*condition.pat
            && some.path.is_ident("Some")
            && some.elems.len() == 1
        {
            return self.pattern(&some.elems[0]);
        }
        self.wrong(
            Code::ControlCondition,
            start(&condition.pat),
            format!("`if let` needs the pattern `Some(name)`, found `{}`", text(&condition.pat)),
            IF_SOME,
        );
        Pattern::Ignore(self.span(condition.let_token.span))
    }

    /// `else { … }`, or `else if …` as a block that holds the next `if`.
    fn otherwise(&mut self, expr: &ExprIf) -> Option<Block> {
        let (token, branch) = expr.else_branch.as_ref()?;
        match &**branch {
            Expr::Block(block) => Some(self.block(&block.block)),
            Expr::If(next) => {
                let value = self.if_expression(next);
                let mut block = Block { statements: Vec::new(), result: None, end: value.span };
                if gives_value(&value) {
                    block.result = Some(Box::new(value));
                } else {
                    block.statements.push(Statement::Expression(value));
                }
                Some(block)
            }
            _ => {
                let (message, help) = ("`else` has no braces", "write `else { … }`");
                self.wrong(Code::ControlCondition, token.span, message, help);
                None
            }
        }
    }

    /// A condition that combines `let` with something else.
    pub(super) fn stray_let(&mut self, expr: &ExprLet) {
        self.wrong(
            Code::ControlCondition,
            expr.let_token.span,
            "`let` cannot be combined with other conditions",
            "nest one `if` in the other",
        );
    }

    pub(super) fn for_loop(&mut self, expr: &ExprForLoop) -> Statement {
        if let Some(label) = &expr.label {
            self.wrong(
                Code::ControlFor,
                label.name.span(),
                format!("label `{}` has no use: no loop can be left early", label.name),
                "remove it: a loop runs over every layer",
            );
        }
        let span = self.span(expr.for_token.span);
        if let Expr::Range(range) = &*expr.expr {
            let count = self.turns(&expr.pat, range);
            return Statement::Turns { count, body: self.block(&expr.body), span };
        }
        let pattern = self.pattern(&expr.pat);
        let over = self.expression(&expr.expr);
        Statement::For { pattern, over, body: self.block(&expr.body), span }
    }

    /// `_ in 0..N`: how many iterations.
    fn turns(&mut self, pattern: &Pat, range: &ExprRange) -> Expression {
        if !matches!(pattern, Pat::Wild(_)) {
            self.wrong(
                Code::ControlFor,
                start(pattern),
                "a loop over `0..N` has no index: every turn has the same parameters",
                "write `for _ in 0..N { … }`, or loop over layers: `for block in w.blocks { … }`",
            );
        }
        let from_zero = range.start.as_deref().is_some_and(|from| text(from) == "0");
        match &range.end {
            Some(count) if from_zero && matches!(range.limits, RangeLimits::HalfOpen(_)) => self.expression(count),
            _ => {
                self.wrong(
                    Code::ControlFor,
                    start(&range.limits),
                    "turns are counted as `0..N`, where `N` is a size",
                    "write `for _ in 0..N { … }`",
                );
                self.placeholder(start(&range.limits))
            }
        }
    }
}
