//! Expressions: names, fields, items, and dispatch of the other kinds.

use super::value::{Scalar, Val};
use super::walk::{DEEPEST, Elaborator, Mode};
use super::words::source;
use crate::ir::{Extent, Instr};
use crate::lang::ast::{Expression, ExpressionKind, Ident, Literal, Span};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::program::{last_segment, suggest};

impl Elaborator<'_> {
    /// The value of an expression.
    pub(super) fn expression(&mut self, expression: &Expression) -> Val {
        if self.depth >= DEEPEST {
            let text = format!("expressions are nested deeper than {DEEPEST}");
            let mistake = Diagnostic::new(Code::ControlDepth, expression.span, text);
            return self.fail(mistake.help("name parts of it with `let`"));
        }
        self.depth += 1;
        let val = self.expression_kind(expression);
        self.depth -= 1;
        val
    }

    fn expression_kind(&mut self, expression: &Expression) -> Val {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Name(name) => self.name(name),
            ExpressionKind::Number(x) => Val::Number(Scalar::new(*x)),
            ExpressionKind::Integer(n) => Val::Size(Extent::literal(*n)),
            ExpressionKind::Flag(b) => Val::Flag(Some(*b)),
            ExpressionKind::Text(text) => Val::Text(text.clone()),
            ExpressionKind::Nothing => Val::Nothing,
            ExpressionKind::Field(base, field) => {
                let val = self.expression(base);
                self.field(base, val, field)
            }
            ExpressionKind::Item(base, index) => {
                let val = self.expression(base);
                self.item(base, val, index)
            }
            ExpressionKind::Call { function, arguments, named } => self.call(function, arguments, named, span),
            ExpressionKind::Unary(op, operand) => {
                let val = self.expression(operand);
                self.prefix(*op, operand, val, span)
            }
            ExpressionKind::Binary(op, a, b) => self.arithmetic(*op, a, b, span),
            ExpressionKind::If { condition, then, otherwise } => self.branch(condition, then, otherwise.as_ref(), span),
            ExpressionKind::IfSome { pattern, value, then, otherwise } => {
                self.branch_some(pattern, value, then, otherwise.as_ref(), span)
            }
            ExpressionKind::Tuple(parts) => Val::Tuple(parts.iter().map(|p| self.expression(p)).collect()),
            ExpressionKind::List(parts) => Val::List(parts.iter().map(|p| self.expression(p)).collect()),
            ExpressionKind::Block(block) => self.block(block),
            ExpressionKind::Einsum { result, factors } => self.einsum_tokens(result, factors, span),
        }
    }

    fn name(&mut self, name: &Ident) -> Val {
        if let Some(variable) = self.variable(&name.text) {
            return variable.val.clone();
        }
        let module = self.frame.id.0;
        if let Some(extent) = self.frame.signature.generics.get(&name.text).cloned() {
            return self.reachable(extent, name.span);
        }
        if let Some(constant) = self.program.find_constant(module, &name.text) {
            let value = self.settings.get(&constant.name.text).copied().unwrap_or(constant.value);
            return match value {
                Literal::Size(_) => Val::Size(Extent::symbol(constant.name.text.clone())),
                Literal::Flag(b) => Val::Flag((self.mode == Mode::Build).then_some(b)),
                Literal::Number(x) => Val::Number(Scalar::new(x)),
            };
        }
        if let Some(axis) = self.program.find_axis(module, &name.text) {
            return self.reachable(Extent::symbol(self.program.symbol(axis)), name.span);
        }
        let short = last_segment(&name.text);
        let function = self.program.find_function(module, short).is_some() || super::builtin::is_builtin(short);
        let structure = self.program.find_struct(module, short).is_some();
        let text = match (function, structure) {
            (true, _) => format!("`{}` is a function: call it with its arguments", name.text),
            (_, true) => format!("`{}` is a struct of parameters, not a value", name.text),
            _ => format!("there is no variable, constant or axis `{}`", name.text),
        };
        let mut names = self.variable_names();
        names.extend(self.program.names(module, |m| m.constants.iter().map(|c| &*c.name.text).collect()));
        names.extend(self.program.size_names(module));
        let mut mistake = Diagnostic::new(Code::CallsVariable, name.span, text);
        if !function && !structure {
            mistake.help = suggest(&name.text, &names);
        }
        self.fail(mistake)
    }

    fn reachable(&mut self, extent: Extent, span: Span) -> Val {
        match extent.as_symbol().map(str::to_string) {
            Some(symbol) if !self.in_reach(&symbol, span) => Val::Poison,
            _ => Val::Size(extent),
        }
    }

    /// Whether a symbol has a meaning in this function: constants do, axes only where a parameter has them.
    pub(super) fn in_reach(&mut self, symbol: &str, span: Span) -> bool {
        let signature = &self.frame.signature;
        let constant = self.program.constants.contains_key(symbol);
        if constant || signature.bound.contains(symbol) || signature.axes.contains(symbol) {
            return true;
        }
        // An unbound generic is a mistake in the signature and is reported there.
        if !signature.generics.values().any(|g| g.as_symbol() == Some(symbol)) {
            let function = &self.program.function(self.frame.id).name;
            let shown = symbol.trim_end_matches('\'');
            let text =
                format!("no parameter of `{}` has the axis `{shown}`, so its size is unknown here", function.text);
            let mistake = Diagnostic::new(Code::AxesUnbound, span, text).note(function.span, "the function");
            self.fail(mistake.help("take a tensor that has the axis, or a `usize` parameter"));
        }
        false
    }

    fn field(&mut self, base: &Expression, val: Val, field: &Ident) -> Val {
        match val {
            Val::Poison => Val::Poison,
            Val::Struct { of, sizes, path } => {
                let declared = self.program.structure(of);
                let Some(k) = declared.fields.iter().position(|f| f.name.text == field.text) else {
                    let text = format!(
                        "`{}` is of type {}, which has no field `{}`",
                        source(base),
                        declared.name.text,
                        field.text
                    );
                    let names: Vec<String> = declared.fields.iter().map(|f| f.name.text.clone()).collect();
                    let mut mistake = Diagnostic::new(Code::ParamsField, field.span, text);
                    mistake = mistake.place(declared.name.span, format!("`{}` declared here", declared.name.text));
                    mistake.help = suggest(&field.text, &names);
                    return self.fail(mistake);
                };
                self.reads.insert((of, k));
                self.struct_field(of, k, &sizes, &path)
            }
            Val::Maybe(_) | Val::Present(_) | Val::Nothing => self.unwrapped(base),
            val => {
                let text = format!("`{}` is {}, which has no field `{}`", source(base), self.words(&val), field.text);
                self.wrong(Code::ParamsField, field.span, text)
            }
        }
    }

    /// An optional value used without a check.
    pub(super) fn unwrapped(&mut self, at: &Expression) -> Val {
        let text = format!("`{}` may be absent", source(at));
        let mistake = Diagnostic::new(Code::ParamsOptional, at.span, text);
        self.fail(mistake.help(format!("check it first: `if let Some(value) = {} {{ … }}`", source(at))))
    }

    fn item(&mut self, base: &Expression, val: Val, index: &Expression) -> Val {
        let place = self.expression(index);
        if place.poisoned() || val == Val::Poison {
            return Val::Poison;
        }
        let Val::Size(extent) = place else {
            let text = format!("an index must be a whole number, but `{}` is {}", source(index), self.words(&place));
            return self.wrong(Code::ParamsIndex, index.span, text);
        };
        let known = extent.eval(&self.frame.sizes).ok();
        let beyond = |has: String, at: u64| {
            let text = format!("`{}` has {has}, counted from 0: there is no number {at}", source(base));
            Diagnostic::new(Code::ParamsIndex, index.span, text)
        };
        let last = |count: u64| match count {
            0 => "there is none".to_string(),
            n => format!("the last is `{}[{}]`", source(base), n - 1),
        };
        match (val, known) {
            (Val::Array { of, count, path }, at) => {
                if let (Ok(n), Some(at)) = (count.eval(&self.frame.sizes), at)
                    && at >= n
                {
                    return self.fail(beyond(format!("{n} layers"), at).help(last(n)));
                }
                let number = Scalar::size(&extent);
                if at.is_none() && (self.mode == Mode::Build || self.later(&number)) {
                    return self.unknown_number(index, &number);
                }
                let layer = at.map_or_else(|| extent.to_string(), |n| n.to_string());
                self.param(&of, &super::params::join(&path, &layer))
            }
            (Val::Tuple(parts) | Val::List(parts), Some(at)) => {
                match usize::try_from(at).ok().and_then(|k| parts.get(k)) {
                    Some(part) => part.clone(),
                    None => self.fail(beyond(format!("{} parts", parts.len()), at).help(last(parts.len() as u64))),
                }
            }
            (Val::Tuple(_) | Val::List(_), None) => self.unknown_number(index, &Scalar::size(&extent)),
            (Val::Maybe(_) | Val::Present(_) | Val::Nothing, _) => self.unwrapped(base),
            (val, _) => {
                let text = format!("`{}` is {}, which cannot be indexed", source(base), self.words(&val));
                let mistake = Diagnostic::new(Code::ParamsIndex, index.span, text);
                let help =
                    "take a position of a tensor with `pick(x, axis, at)`, a range with `slice(x, axis, start, end)`";
                self.fail(if matches!(val, Val::Tensor(_)) { mistake.help(help) } else { mistake })
            }
        }
    }

    /// Whether a number depends on an axis, which gets its size when a plan is made.
    pub(super) fn later(&self, number: &Scalar) -> bool {
        let signature = &self.frame.signature;
        let generic = |symbol: &str| signature.generics.values().any(|g| g.as_symbol() == Some(symbol));
        let axis = |symbol: &str| signature.axes.contains(symbol) && !generic(symbol);
        number.0.0.iter().any(|instr| matches!(instr, Instr::Size(extent) if extent.symbols().any(axis)))
    }

    /// A number needed now that is known only later.
    pub(super) fn unknown_number(&mut self, at: &Expression, number: &Scalar) -> Val {
        if self.mode == Mode::Check && !self.later(number) {
            return Val::Poison;
        }
        let text = format!("`{}` is needed when the graph is built, but is known only when a plan is made", source(at));
        let mistake = Diagnostic::new(Code::ControlKnown, at.span, text);
        self.fail(mistake.help("make it a constant, a setting with a default"))
    }
}
