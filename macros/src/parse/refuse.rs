//! Expressions that Rust has and a model does not: the message for each.

use crease_core::lang::Code;
use crease_core::lang::ast::Expression;
use proc_macro2::Span as Place;
use syn::Expr;

use super::item::text;
use super::{Reader, start};

/// A mistake: its kind, its token, what is wrong and what to write instead.
type Refusal = (Code, Place, String, String);

impl Reader {
    /// Reports why an expression is not allowed in a model.
    pub(super) fn refuse(&mut self, expr: &Expr) -> Expression {
        match expr {
            Expr::Let(condition) => {
                self.stray_let(condition);
                return self.placeholder(condition.let_token.span);
            }
            Expr::Reference(reference) => {
                let (message, help) =
                    ("tensors are values: there are no references", format!("write `{}`", text(&reference.expr)));
                self.wrong(Code::SyntaxReference, reference.and_token.span, message, help);
                return self.expression(&reference.expr);
            }
            _ => {}
        }
        let (code, place, message, help) = control(expr).or_else(|| value(expr)).unwrap_or_else(|| {
            refusal(
                Code::SyntaxExpression,
                start(expr),
                "this expression is not supported in a model",
                "a model has calls, operators, fields, tuples, `if` and blocks",
            )
        });
        self.wrong(code, place, message, help);
        self.placeholder(place)
    }
}

fn refusal(code: Code, place: Place, message: &str, help: &str) -> Refusal {
    (code, place, message.to_owned(), help.to_owned())
}

/// Control flow that would be decided at run time.
fn control(expr: &Expr) -> Option<Refusal> {
    const LAYERS: &str = "repeat layers with `for block in w.blocks { … }`";
    let (code, place, message, help) = match expr {
        Expr::While(expr) => (
            Code::ControlLoop,
            expr.while_token.span,
            "`while` runs an unknown number of times, but a plan lists every step",
            LAYERS,
        ),
        Expr::Loop(expr) => (
            Code::ControlLoop,
            expr.loop_token.span,
            "`loop` runs an unknown number of times, but a plan lists every step",
            LAYERS,
        ),
        Expr::ForLoop(expr) => (
            Code::ControlFor,
            expr.for_token.span,
            "`for` has no value",
            "write it as a statement that assigns to a variable declared before with `let mut`",
        ),
        Expr::Match(expr) => (
            Code::ControlMatch,
            expr.match_token.span,
            "a model has no `match`",
            "write `if FLAG { … } else { … }`, or `if let Some(x) = w.bias { … }`",
        ),
        Expr::Return(expr) => (
            Code::ControlReturn,
            expr.return_token.span,
            "`return` is only allowed at the end of a function",
            "make the value the last expression of the block",
        ),
        Expr::Break(expr) => (
            Code::ControlBreak,
            expr.break_token.span,
            "`break` is not allowed: a loop runs over every layer",
            "leave it out",
        ),
        Expr::Continue(expr) => (
            Code::ControlBreak,
            expr.continue_token.span,
            "`continue` is not allowed: a loop runs over every layer",
            "put what should be skipped in `if FLAG { … }`",
        ),
        Expr::Try(expr) => (
            Code::ControlReturn,
            expr.question_token.span,
            "`?` is not allowed: nothing in a model can fail",
            "check a value that may be absent: `if let Some(x) = w.bias { … } else { … }`",
        ),
        _ => return None,
    };
    Some(refusal(code, place, message, help))
}

/// Values that a model does not have.
fn value(expr: &Expr) -> Option<Refusal> {
    let (place, message, help) = match expr {
        Expr::Closure(expr) => (expr.inputs_begin.span, "a model has no closures", "write a function"),
        Expr::Cast(expr) => {
            (expr.as_token.span, "a model has no `as`", "leave it out: a number's type follows from its use")
        }
        Expr::Range(expr) => (
            start(&expr.limits),
            "a model has no ranges",
            "take part of an axis with `slice(x, axis, start, end)`; loop over layers with `for block in …`",
        ),
        Expr::Repeat(expr) => (expr.semi_token.span, "a list must name each of its elements", "write `[a, a, a]`"),
        Expr::Struct(expr) => (
            start(&expr.path),
            "parameters cannot be constructed in a model: they come from a checkpoint",
            "take them as an argument, or return a tuple for several results",
        ),
        Expr::Unsafe(expr) => (expr.unsafe_token.span, "nothing in a model is unsafe", "write `{ … }`"),
        Expr::Async(expr) => {
            (expr.async_token.span, "a model has no `async`: the plan decides what runs in parallel", "write `{ … }`")
        }
        Expr::Await(expr) => {
            (expr.await_token.span, "a model has no `await`: the plan decides what runs in parallel", "leave it out")
        }
        Expr::Const(expr) => (expr.const_token.span, "a model has no `const` blocks", "write `{ … }`"),
        Expr::Block(expr) => (start(expr), "a block has no label", "write `{ … }`"),
        Expr::Assign(expr) => (
            expr.eq_token.span,
            "an assignment is a statement, not a value",
            "write it on a line of its own; to compare, write `==`",
        ),
        Expr::Infer(expr) => (expr.underscore_token.span, "`_` is not a value", "name the value"),
        _ => return None,
    };
    Some(refusal(Code::SyntaxExpression, place, message, help))
}
