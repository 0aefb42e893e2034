//! What each builtin function does.

use super::arguments::{self, Arguments};
use super::table::WORDS;
use crate::ir::{Binary, Extent, Instr, Unary};
use crate::lang::ast::{Expression, Ident, Span};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::elaborate::arithmetic::{self, operand};
use crate::lang::elaborate::value::{Scalar, Val};
use crate::lang::elaborate::walk::{Elaborator, Mode};
use crate::lang::elaborate::words::source;

impl Elaborator<'_> {
    pub(in crate::lang::elaborate) fn builtin(
        &mut self,
        name: &Ident,
        positional: &[Expression],
        named: &[(Ident, Expression)],
        span: Span,
    ) -> Val {
        let Some(word) = WORDS.iter().find(|w| w.name == name.text) else { return Val::Poison };
        let Some(arguments) = self.arguments(word, name, positional, named) else { return Val::Poison };
        if arguments.poisoned() {
            return Val::Poison;
        }
        let before = self.diagnostics.len();
        let val = self.apply(word.name, &arguments, span);
        for mistake in self.diagnostics.iter_mut().skip(before) {
            if mistake.code == Code::CallsType && mistake.help.is_none() {
                mistake.help = Some(arguments::usage(word));
            }
        }
        val.unwrap_or(Val::Poison)
    }

    /// None where a mistake was reported.
    fn apply(&mut self, name: &str, args: &Arguments, span: Span) -> Option<Val> {
        if let Some(f) = function(name) {
            return self.function(f, args);
        }
        match name {
            "linear" => self.linear(args),
            "layer_norm" => self.layer_norm(args),
            "softmax" => {
                let x = self.tensor(args.get("x"))?;
                let axis = self.axis(args.get("over"), (args.get("x").0, x), 0)?;
                let built = self.frame.builder.softmax(x, axis);
                self.built(built, args)
            }
            "causal" => {
                let x = self.tensor(args.get("x"))?;
                let [query, key] = ["query", "key"].map(|side| self.axis(args.get(side), (args.get("x").0, x), 0));
                let built = self.frame.builder.causal(x, query?, key?);
                self.built(built, args)
            }
            "einsum" => {
                let (at, spec) = args.get("spec");
                let Val::Text(text) = spec else { return self.wrong_kind(at, spec, "a text like \"ikc,jkc->ijc\"") };
                let mut operands = Vec::new();
                for (at, val) in &args.rest {
                    operands.push((*at, self.tensor((at, val))?));
                }
                Some(self.einsum_text(at, text, &operands))
            }
            "sum" | "mean" => self.reduce(name, args),
            "max" | "min" => match args.find("other") {
                None => self.reduce(name, args),
                Some(other) => self.larger(name, args.get("x"), other, span),
            },
            "select" => self.select(args, span),
            "record" => self.record(args),
            "number" => self.number(args),
            "Some" => Some(match args.get("value").1 {
                Val::Nothing | Val::Maybe(_) | Val::Present(_) => self.unwrapped(args.get("value").0),
                val => Val::Present(Box::new(val.clone())),
            }),
            "full" => self.full(args),
            "iota" | "positions" => {
                let count = self.size(args.get("count"))?;
                Some(Val::Tensor(self.frame.builder.iota(count)))
            }
            "rearrange" => self.rearrange(args),
            _ => self.axes_word(name, args),
        }
    }

    /// A function of each element, or of a number.
    fn function(&mut self, f: Unary, args: &Arguments) -> Option<Val> {
        let (at, val) = args.get("x");
        match val {
            Val::Tensor(id) => Some(Val::Tensor(self.frame.builder.unary(f, *id))),
            Val::Number(scalar) => Some(Val::Number(scalar.clone().unary(f, &self.frame.sizes))),
            Val::Size(extent) => Some(Val::Number(Scalar::size(extent).unary(f, &self.frame.sizes))),
            val => self.wrong_kind(at, val, "a tensor or a number"),
        }
    }

    fn larger(&mut self, name: &str, a: (&Expression, &Val), b: (&Expression, &Val), span: Span) -> Option<Val> {
        let f = if name == "max" { Binary::Max } else { Binary::Min };
        let (Some(x), Some(y)) = (operand(a.1), operand(b.1)) else {
            let (at, val) = if operand(a.1).is_none() { a } else { b };
            return self.wrong_kind(at, val, "a tensor or a number");
        };
        if let (arithmetic::Operand::Number(x), arithmetic::Operand::Number(y)) = (&x, &y) {
            return Some(Val::Number(x.clone().binary(f, y, &self.frame.sizes)));
        }
        Some(self.elementwise(&[(a.0, x), (b.0, y)], span, |e, k| e.push(Instr::Binary(f, k[0], k[1]))))
    }

    fn select(&mut self, args: &Arguments, span: Span) -> Option<Val> {
        let mut operands = Vec::new();
        for name in ["condition", "a", "b"] {
            let (at, val) = args.get(name);
            if let Val::Flag(_) = val {
                let text = format!("`{}` is a flag, known when the plan is made", source(at));
                let mistake = Diagnostic::new(Code::CallsType, at.span, text);
                self.fail(mistake.help("write `if flag { a } else { b }`"));
                return None;
            }
            let Some(operand) = operand(val) else { return self.wrong_kind(at, val, "a tensor or a number") };
            operands.push((at, operand));
        }
        if !operands.iter().any(|o| matches!(o.1, arithmetic::Operand::Tensor(_))) {
            let (at, val) = args.get("condition");
            return self.wrong_kind(at, val, "a tensor of 0 and 1");
        }
        Some(self.elementwise(&operands, span, |e, k| e.push(Instr::Select(k[0], k[1], k[2]))))
    }

    fn number(&mut self, args: &Arguments) -> Option<Val> {
        let (at, val) = args.get("value");
        Some(Val::Number(match val {
            Val::Flag(Some(b)) => Scalar::new(f64::from(u8::from(*b))),
            Val::Flag(None) => Scalar::size(&Extent::symbol("?")),
            Val::Size(extent) => Scalar::size(extent),
            Val::Number(scalar) => scalar.clone(),
            val => return self.wrong_kind(at, val, "a flag or a size"),
        }))
    }

    fn full(&mut self, args: &Arguments) -> Option<Val> {
        let (at, val) = args.get("value");
        let Some(arithmetic::Operand::Number(scalar)) = operand(val) else {
            return self.wrong_kind(at, val, "a number");
        };
        let shape = match (args.find("like"), args.find("shape")) {
            (Some(like), None) => {
                let x = self.tensor(like)?;
                self.shape(x).to_vec()
            }
            (None, Some((at, Val::List(parts)))) => {
                let sizes: Option<Vec<Extent>> = parts.iter().map(|p| self.size((at, p))).collect();
                sizes?
            }
            (None, Some((at, val))) => return self.wrong_kind(at, val, "a list of sizes, `[R, C]`"),
            _ => {
                let text = "`full` takes either `like = x` or `shape = [R, C]`";
                self.wrong(Code::CallsCount, args.word.span, text);
                return None;
            }
        };
        Some(Val::Tensor(self.frame.builder.full(shape, scalar.0)))
    }

    /// A number with a value; while checking, any number.
    pub(super) fn value(&mut self, (at, val): (&Expression, &Val)) -> Option<f64> {
        let Some(arithmetic::Operand::Number(scalar)) = operand(val) else {
            return self.wrong_kind(at, val, "a number");
        };
        match scalar.value(&self.frame.sizes) {
            Some(value) => Some(value),
            None if self.mode == Mode::Check && !self.later(&scalar) => Some(1.0),
            None => {
                self.unknown_number(at, &scalar);
                None
            }
        }
    }
}

/// The unary function of a builtin's name.
fn function(name: &str) -> Option<Unary> {
    Some(match name {
        "sigmoid" => Unary::Sigmoid,
        "relu" => Unary::Relu,
        "gelu" => Unary::Gelu,
        "exp" => Unary::Exp,
        "log" => Unary::Log,
        "sqrt" => Unary::Sqrt,
        "tanh" => Unary::Tanh,
        "erf" => Unary::Erf,
        "abs" => Unary::Abs,
        "sin" => Unary::Sin,
        "cos" => Unary::Cos,
        "floor" => Unary::Floor,
        "neg" => Unary::Neg,
        "recip" => Unary::Recip,
        _ => return None,
    })
}
