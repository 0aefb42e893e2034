//! Function bodies, blocks, `let` and assignment.

use crate::lang::ast::{BinaryOp, Block, Expression, ExpressionKind, Function, Ident, Pattern, Span, Statement, Type};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::elaborate::value::{Scalar, Val};
use crate::lang::elaborate::walk::{Elaborator, Mode};
use crate::lang::elaborate::words::source;
use crate::lang::program::suggest;
use crate::lang::signature::Place;
use crate::lang::types::Ty;

impl Elaborator<'_> {
    /// Elaborates a function's body, with its parameters bound, and returns its result.
    pub(in crate::lang::elaborate) fn body(&mut self, function: &Function) -> Val {
        let declared = self.frame.signature.result.clone();
        let val = self.block(&function.body);
        if val.poisoned() || declared == Ty::Unknown || !self.declarable(&declared) {
            return Val::Poison;
        }
        let found = self.type_of(&val);
        if declared.takes(&found) {
            return val;
        }
        let (name, shown) = (&function.name.text, declared.show(self.program).to_string());
        let Some(result) = &function.body.result else {
            let text = format!("`{name}` ends without a result, but declares {shown}");
            let mistake = Diagnostic::new(Code::ControlMissing, function.body.end, text)
                .note(function.result.span, "declared here")
                .help("end the body with the result, without a semicolon");
            return self.fail(mistake);
        };
        if declared == Ty::Tuple(Vec::new()) {
            let found = found.show(self.program).to_string();
            let text = format!("`{name}` returns {found}, but declares no result");
            let mistake = Diagnostic::new(Code::ControlResult, tail(result).span, text);
            return self
                .fail(mistake.note(function.name.span, "the function").help(format!("declare it: `-> {found}`")));
        }
        let text = format!("`{name}` returns {}, but declares {shown}", found.show(self.program));
        let mistake = Diagnostic::new(Code::ControlResult, tail(result).span, text);
        let mut mistake = mistake.note(function.result.span, "declared here");
        if !found.unresolved() {
            mistake.help = Some(format!("if this is intended, declare `-> {}`", found.show(self.program)));
        }
        self.fail(mistake)
    }

    /// Whether every size of a declared result is known; if not, the signature is wrong.
    fn declarable(&self, declared: &Ty) -> bool {
        let mut symbols = std::collections::BTreeSet::new();
        crate::lang::signature::every(declared, &mut symbols);
        let bound = &self.frame.signature.bound;
        self.mode == Mode::Build || symbols.iter().all(|s| bound.contains(s) || self.program.constants.contains_key(s))
    }

    /// Elaborates statements in a new scope and returns the result.
    pub(in crate::lang::elaborate) fn block(&mut self, block: &Block) -> Val {
        self.frame.scopes.push(Vec::new());
        for statement in &block.statements {
            self.statement(statement);
        }
        let val = block.result.as_ref().map_or_else(Val::unit, |result| self.expression(result));
        self.frame.scopes.pop();
        val
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let { pattern, ty, value } => self.declare(pattern, ty.as_ref(), value),
            Statement::Assign { pattern, op, value, span } => self.assign(pattern, *op, value, *span),
            Statement::For { pattern, over, body, span } => self.layers(pattern, over, body, *span),
            Statement::Turns { count, body, span } => self.turns(count, body, *span),
            Statement::Expression(expression) => {
                let val = self.expression(expression);
                let record =
                    matches!(&expression.kind, ExpressionKind::Call { function, .. } if function.text == "record");
                let nothing = matches!(&val, Val::Tuple(parts) if parts.is_empty());
                if !record && !nothing && !val.poisoned() {
                    let text = format!("the value of `{}` is not used, so this has no effect", source(expression));
                    let mistake = Diagnostic::new(Code::ControlIdle, expression.span, text);
                    self.fail(mistake.help("give it a name with `let`, or leave it out"));
                }
            }
        }
    }

    fn declare(&mut self, pattern: &Pattern, ty: Option<&Type>, value: &Expression) {
        let mut val = self.expression(value);
        if let Some(ty) = ty {
            let written = self.written_type(ty);
            let found = self.type_of(&val);
            if !written.takes(&found) {
                let text = format!(
                    "{} is {}, but is declared as {}",
                    pattern_words(pattern),
                    found.show(self.program),
                    written.show(self.program)
                );
                let help = format!("write `{}`, or leave the type out", found.show(self.program));
                let mistake = Diagnostic::new(Code::ControlAnnotation, ty.span, text);
                self.fail(mistake.note(value.span, "the value").help(help));
                val = Val::Poison;
            } else if let (Ty::Number, Val::Size(extent)) = (&written, &val) {
                val = Val::Number(Scalar::size(extent));
            }
        }
        if let (Pattern::Name { name, .. }, Val::Tensor(id)) = (pattern, &val)
            && !matches!(value.kind, ExpressionKind::Name(_))
        {
            self.frame.builder.name(*id, &name.text);
        }
        self.bind_pattern(pattern, val, value.span);
    }

    /// A type written in a body.
    fn written_type(&mut self, ty: &Type) -> Ty {
        let mut found = Vec::new();
        let place = Place { module: self.frame.id.0, generics: &self.frame.signature.generics, axes: true };
        let resolved = self.program.resolve_type(&place, ty, &mut found);
        for mistake in found {
            self.fail(mistake);
        }
        let mut symbols = std::collections::BTreeSet::new();
        crate::lang::signature::every(&resolved, &mut symbols);
        for symbol in symbols {
            self.in_reach(&symbol, ty.span);
        }
        resolved
    }

    pub(in crate::lang::elaborate) fn bind_pattern(&mut self, pattern: &Pattern, val: Val, span: Span) {
        match pattern {
            Pattern::Ignore(_) => {}
            Pattern::Name { name, mutable } => self.bind(&name.text, *mutable, val, name.span),
            Pattern::Tuple(patterns, place) => {
                let parts = self.parts(patterns.len(), val, *place, span);
                for (pattern, part) in patterns.iter().zip(parts) {
                    if let (Pattern::Name { name, .. }, Val::Tensor(id)) = (pattern, &part) {
                        self.frame.builder.name(*id, &name.text);
                    }
                    self.bind_pattern(pattern, part, span);
                }
            }
        }
    }

    /// A value destructured for a pattern of `count` names.
    fn parts(&mut self, count: usize, val: Val, pattern: Span, value: Span) -> Vec<Val> {
        match val {
            Val::Tuple(parts) | Val::List(parts) if parts.len() == count => return parts,
            Val::Poison => {}
            val => {
                let has = match &val {
                    Val::Tuple(parts) | Val::List(parts) => format!("has {} parts", parts.len()),
                    val => format!("is {}, one value", self.words(val)),
                };
                let help = match &val {
                    Val::Tuple(_) | Val::List(_) => "give every part a name, or `_` where it is not needed",
                    _ => "give it one name",
                };
                let text = format!("the pattern has {count} names, but the value {has}");
                let mistake = Diagnostic::new(Code::ControlPattern, pattern, text);
                self.fail(mistake.note(value, "the value").help(help));
            }
        }
        vec![Val::Poison; count]
    }

    fn assign(&mut self, pattern: &Pattern, op: Option<BinaryOp>, value: &Expression, span: Span) {
        let val = match (op, pattern) {
            (Some(op), Pattern::Name { name, .. }) => {
                if !self.assignable(name) {
                    self.expression(value);
                    return;
                }
                let old = Expression { kind: ExpressionKind::Name(name.clone()), span: name.span };
                self.arithmetic(op, &old, value, span)
            }
            _ => self.expression(value),
        };
        self.assign_pattern(pattern, val, value);
    }

    fn assign_pattern(&mut self, pattern: &Pattern, val: Val, value: &Expression) {
        match pattern {
            Pattern::Ignore(_) => {}
            Pattern::Tuple(patterns, span) => {
                let parts = self.parts(patterns.len(), val, *span, value.span);
                for (pattern, part) in patterns.iter().zip(parts) {
                    self.assign_pattern(pattern, part, value);
                }
            }
            Pattern::Name { name, .. } => self.assign_name(name, val, value),
        }
    }

    fn assign_name(&mut self, name: &Ident, val: Val, value: &Expression) {
        if !self.assignable(name) || val.poisoned() {
            return;
        }
        let Some((old, declared)) = self.variable(&name.text).map(|v| (v.val.clone(), v.span)) else { return };
        let (before, after) = (self.type_of(&old), self.type_of(&val));
        if !before.takes(&after) {
            let text = format!(
                "`{}` is {}, but is assigned {}",
                name.text,
                before.show(self.program),
                after.show(self.program)
            );
            let mistake = Diagnostic::new(Code::ControlShape, name.span, text)
                .note(declared, format!("`{}` declared here", name.text))
                .note(value.span, "the value")
                .help(format!("a variable keeps its type: write `let {} = …` for a new one", name.text));
            self.fail(mistake);
            // The variable is unknown from here on, so no further mistakes about it are reported.
            if let Some(variable) = self.variable_mut(&name.text) {
                variable.val = Val::Poison;
            }
            return;
        }
        if let Val::Tensor(id) = &val
            && !matches!(value.kind, ExpressionKind::Name(_))
        {
            self.frame.builder.name(*id, &name.text);
        }
        if let Some(variable) = self.variable_mut(&name.text) {
            variable.val = val;
        }
    }

    /// Whether a name is a variable that may be assigned.
    fn assignable(&mut self, name: &Ident) -> bool {
        match self.variable(&name.text).map(|v| (v.mutable, v.span)) {
            Some((true, _)) => true,
            Some((false, declared)) => {
                let text = format!("`{}` is not declared `mut`", name.text);
                let mistake = Diagnostic::new(Code::ControlAssign, name.span, text)
                    .note(declared, "declared here")
                    .help(format!("declare it as `mut {}`", name.text));
                self.fail(mistake);
                false
            }
            None => {
                let text = format!("there is no variable `{}` to assign", name.text);
                let mut mistake = Diagnostic::new(Code::ControlAssign, name.span, text);
                mistake.help = suggest(&name.text, &self.variable_names());
                self.fail(mistake);
                false
            }
        }
    }

    pub(in crate::lang::elaborate) fn variable_names(&self) -> Vec<String> {
        self.frame.scopes.iter().flatten().map(|v| v.name.clone()).collect()
    }
}

/// The expression that is a block's value.
fn tail(expression: &Expression) -> &Expression {
    match &expression.kind {
        ExpressionKind::Block(block) => block.result.as_deref().unwrap_or(expression),
        _ => expression,
    }
}

fn pattern_words(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Name { name, .. } => format!("`{}`", name.text),
        Pattern::Tuple(..) | Pattern::Ignore(_) => "the value".into(),
    }
}
