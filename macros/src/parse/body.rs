//! Bodies: statements, patterns, assignments.

use crease_core::lang::Code;
use crease_core::lang::ast::{BinaryOp, Block, Expression, ExpressionKind, Ident, Pattern, Statement};
use quote::ToTokens;
use syn::{BinOp, Expr, Local, Pat, Stmt};

use super::item::text;
use super::{Reader, start};

impl Reader {
    /// A function's body: a block that may end in `return value;`.
    pub(super) fn function_body(&mut self, block: &syn::Block) -> Block {
        match block.stmts.split_last() {
            Some((Stmt::Expr(Expr::Return(last), _), before)) => {
                let mut read = self.statements(before, block);
                if let Some(value) = &last.expr {
                    read.result = Some(Box::new(self.expression(value)));
                }
                read
            }
            _ => self.block(block),
        }
    }

    pub(super) fn block(&mut self, block: &syn::Block) -> Block {
        if let Some((Stmt::Expr(last, None), before)) = block.stmts.split_last()
            && !is_statement(last)
        {
            let mut read = self.statements(before, block);
            self.no_attributes(last);
            let value = self.expression(last);
            if gives_value(&value) {
                read.result = Some(Box::new(value));
            } else {
                read.statements.push(Statement::Expression(value));
            }
            return read;
        }
        if let Some((Stmt::Macro(last), before)) = block.stmts.split_last()
            && last.semi_token.is_none()
        {
            let mut read = self.statements(before, block);
            read.result = Some(Box::new(self.macro_call(&last.mac)));
            return read;
        }
        self.statements(&block.stmts, block)
    }

    fn statements(&mut self, statements: &[Stmt], block: &syn::Block) -> Block {
        let mut read = Vec::new();
        for statement in statements {
            self.no_attributes(statement);
            read.extend(self.statement(statement));
        }
        Block { statements: read, result: None, end: self.span(block.brace_token.span.close()) }
    }

    fn no_attributes(&mut self, tokens: &impl ToTokens) {
        let first = tokens.to_token_stream().into_iter().next();
        if let Some(proc_macro2::TokenTree::Punct(hash)) = first
            && hash.as_char() == '#'
        {
            self.wrong(
                Code::SyntaxAttribute,
                hash.span(),
                "a statement has no attributes and no documentation",
                "remove it; a comment is written with `//`",
            );
        }
    }

    fn statement(&mut self, statement: &Stmt) -> Option<Statement> {
        match statement {
            Stmt::Local(local) => self.binding_of(local),
            Stmt::Item(item) => {
                self.wrong(
                    Code::SyntaxItem,
                    start(item),
                    "items are not allowed in a function",
                    "move it out of the function, into the model",
                );
                None
            }
            Stmt::Macro(call) => Some(Statement::Expression(self.macro_call(&call.mac))),
            Stmt::Expr(expr, _) => Some(self.effect(expr)),
        }
    }

    fn binding_of(&mut self, local: &Local) -> Option<Statement> {
        let (pattern, ty) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(self.ty(&typed.ty))),
            pattern => (pattern, None),
        };
        let leaves = local.init.as_ref().and_then(|init| init.diverge.as_ref());
        if let Some((token, _)) = leaves {
            self.wrong(
                Code::SyntaxLet,
                token.span,
                "`let … else` is not allowed: a function cannot return early",
                "write `if let Some(x) = w.bias { … } else { … }`",
            );
            // The pattern is one that a plain `let` cannot have.
            return None;
        }
        let pattern = self.pattern(pattern);
        let Some(init) = &local.init else {
            self.wrong(
                Code::SyntaxLet,
                local.let_token.span,
                "a variable needs a value",
                "write `let name = value;`, with `mut` if it changes later",
            );
            return None;
        };
        let value = self.expression(&init.expr);
        Some(Statement::Let { pattern, ty, value })
    }

    /// An expression used as a statement.
    fn effect(&mut self, expr: &Expr) -> Statement {
        match expr {
            Expr::Group(group) => self.effect(&group.expr),
            Expr::Assign(assign) => {
                let pattern = self.target(&assign.left);
                let value = self.expression(&assign.right);
                self.assignment(pattern, None, value, assign.eq_token.span)
            }
            Expr::Binary(binary) if is_compound(&binary.op) => {
                let pattern = self.target(&binary.left);
                let value = self.expression(&binary.right);
                let place = start(&binary.op);
                match compound(&binary.op) {
                    Some(op) => self.assignment(pattern, Some(op), value, place),
                    None => {
                        self.no_operator(&binary.op);
                        Statement::Expression(value)
                    }
                }
            }
            Expr::ForLoop(looped) => self.for_loop(looped),
            other => Statement::Expression(self.expression(other)),
        }
    }

    fn assignment(
        &mut self,
        pattern: Pattern,
        op: Option<BinaryOp>,
        value: Expression,
        place: proc_macro2::Span,
    ) -> Statement {
        let span = self.span(place);
        Statement::Assign { pattern, op, value, span }
    }

    /// The left side of `=`.
    fn target(&mut self, expr: &Expr) -> Pattern {
        match expr {
            Expr::Group(group) => self.target(&group.expr),
            Expr::Paren(paren) => self.target(&paren.expr),
            Expr::Infer(infer) => Pattern::Ignore(self.span(infer.underscore_token.span)),
            Expr::Tuple(tuple) => {
                let parts = tuple.elems.iter().map(|part| self.target(part)).collect();
                Pattern::Tuple(parts, self.span(tuple.paren_token.span.join()))
            }
            Expr::Path(path) if path.qself.is_none() && path.path.get_ident().is_some() => {
                let place = start(&path.path);
                Pattern::Name {
                    name: Ident { text: super::path_text(&path.path), span: self.span(place) },
                    mutable: false,
                }
            }
            other => {
                let place = start(other);
                self.wrong(
                    Code::SyntaxAssign,
                    place,
                    format!("`{}` is not a variable, so it cannot be assigned", text(other)),
                    "assign whole variables: `x = …;` or `(m, z) = …;`",
                );
                Pattern::Ignore(self.span(place))
            }
        }
    }

    pub(super) fn pattern(&mut self, pattern: &Pat) -> Pattern {
        match pattern {
            Pat::Paren(paren) => self.pattern(&paren.pat),
            Pat::Wild(wild) => Pattern::Ignore(self.span(wild.underscore_token.span)),
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                Pattern::Name { name: self.ident(&name.ident), mutable: name.mutability.is_some() }
            }
            Pat::Tuple(tuple) => {
                let parts = tuple.elems.iter().map(|part| self.pattern(part)).collect();
                Pattern::Tuple(parts, self.span(tuple.paren_token.span.join()))
            }
            other => {
                let place = start(other);
                self.wrong(
                    Code::SyntaxPattern,
                    place,
                    format!("`{}` is not a valid pattern", text(other)),
                    "patterns are names, `_` and tuples of them",
                );
                Pattern::Ignore(self.span(place))
            }
        }
    }
}

/// Whether an expression can only be a statement.
fn is_statement(expr: &Expr) -> bool {
    match expr {
        Expr::Group(group) => is_statement(&group.expr),
        Expr::Assign(_) | Expr::ForLoop(_) => true,
        Expr::Binary(binary) => is_compound(&binary.op),
        _ => false,
    }
}

/// Whether an `if` or a block has a value, judged by its last statement.
pub(super) fn gives_value(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Block(block) => block.result.is_some(),
        ExpressionKind::If { then, otherwise, .. } | ExpressionKind::IfSome { then, otherwise, .. } => {
            // Without an `else` it still counts as a value, so that the missing `else` is reported.
            then.result.is_some() || otherwise.as_ref().is_some_and(|otherwise| otherwise.result.is_some())
        }
        _ => true,
    }
}

fn is_compound(op: &BinOp) -> bool {
    let text = text(op);
    text.ends_with('=') && !matches!(text.as_str(), "==" | "<=" | ">=" | "!=")
}

fn compound(op: &BinOp) -> Option<BinaryOp> {
    match op {
        BinOp::AddAssign(_) => Some(BinaryOp::Add),
        BinOp::SubAssign(_) => Some(BinaryOp::Sub),
        BinOp::MulAssign(_) => Some(BinaryOp::Mul),
        BinOp::DivAssign(_) => Some(BinaryOp::Div),
        _ => None,
    }
}
