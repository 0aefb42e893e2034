//! Branches on flags and optional values.

use crate::ir::Extent;
use crate::lang::ast::{Block, Expression, ExpressionKind, Pattern, Span};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::elaborate::value::{Scalar, Val};
use crate::lang::elaborate::walk::{Elaborator, Mode, Variable};
use crate::lang::elaborate::words::source;
use crate::lang::types::Ty;

impl Elaborator<'_> {
    /// `if flag { … } else { … }`.
    pub(in crate::lang::elaborate) fn branch(
        &mut self,
        condition: &Expression,
        then: &Block,
        otherwise: Option<&Block>,
        span: Span,
    ) -> Val {
        let known = match self.expression(condition) {
            Val::Flag(known) => known,
            Val::Poison => None,
            val => {
                let tensor = matches!(val, Val::Tensor(_));
                let compound = matches!(condition.kind, ExpressionKind::Binary(..) | ExpressionKind::Unary(..));
                let what = if compound { "the condition".into() } else { format!("`{}`", source(condition)) };
                let text = format!("{what} is {}, but `if` needs a flag", self.words(&val));
                let code = if tensor { Code::ControlTensor } else { Code::ControlFlag };
                let help = if tensor {
                    "choose element by element: `select(condition, a, b)`"
                } else {
                    "compare it: `n > 0`, or declare a `bool` constant"
                };
                self.fail(Diagnostic::new(code, condition.span, text).help(help));
                None
            }
        };
        match known {
            Some(holds) if self.mode == Mode::Build => self.taken(holds, then, otherwise),
            _ => self.both(None, then, otherwise, span),
        }
    }

    fn taken(&mut self, holds: bool, then: &Block, otherwise: Option<&Block>) -> Val {
        match (holds, otherwise) {
            (true, _) => self.block(then),
            (false, Some(block)) => self.block(block),
            (false, None) => Val::unit(),
        }
    }

    /// Both branches, each from the same state; their types must agree. The pattern, if any, is bound in the first.
    fn both(
        &mut self,
        bound: Option<(&Pattern, Val, Span)>,
        then: &Block,
        otherwise: Option<&Block>,
        span: Span,
    ) -> Val {
        let before = self.frame.scopes.clone();
        let first = match bound {
            Some((pattern, val, at)) => self.with(pattern, val, at, |e| e.arm(then)),
            None => self.arm(then),
        };
        let after = std::mem::replace(&mut self.frame.scopes, before);
        let second = otherwise.map_or_else(Val::unit, |block| self.arm(block));
        self.merge(after);
        let (a, b) = (self.type_of(&first), self.type_of(&second));
        if first.poisoned() || second.poisoned() {
            return Val::Poison;
        }
        if !a.takes(&b) && !b.takes(&a) {
            let unit = |ty: &Ty| matches!(ty, Ty::Tuple(parts) if parts.is_empty());
            let (text, code) = if unit(&b) && otherwise.is_none() {
                (format!("the branch is {}, but there is no `else`", a.show(self.program)), Code::ControlMissing)
            } else {
                let text = format!("one branch is {} and the other {}", a.show(self.program), b.show(self.program));
                (text, Code::ControlBranches)
            };
            let at = |block: &Block| block.result.as_ref().map_or(block.end, |r| r.span);
            let mut mistake = Diagnostic::new(code, span, text).note(at(then), a.show(self.program).to_string());
            if let Some(block) = otherwise {
                mistake = mistake.note(at(block), b.show(self.program).to_string());
            }
            let help = if otherwise.is_some() {
                "give both branches the same type"
            } else {
                "add `else { … }` with the other value"
            };
            return self.fail(mistake.help(help));
        }
        unsettled(first, &second)
    }

    /// One branch whose condition is not known yet.
    fn arm(&mut self, block: &Block) -> Val {
        self.arms_walked += 1;
        self.frame.arms.push(self.arms_walked);
        let val = self.block(block);
        self.frame.arms.pop();
        val
    }

    /// Variables after two branches: unknown where the branches disagree.
    fn merge(&mut self, other: Vec<Vec<Variable>>) {
        for (ours, theirs) in self.frame.scopes.iter_mut().zip(other) {
            for (variable, theirs) in ours.iter_mut().zip(theirs) {
                let ours = std::mem::replace(&mut variable.val, Val::Poison);
                variable.val = unsettled(theirs.val, &ours);
            }
        }
    }

    /// `if let Some(x) = value { … } else { … }`.
    pub(in crate::lang::elaborate) fn branch_some(
        &mut self,
        pattern: &Pattern,
        value: &Expression,
        then: &Block,
        otherwise: Option<&Block>,
        span: Span,
    ) -> Val {
        match self.expression(value) {
            Val::Present(inner) => self.with(pattern, *inner, value.span, |e| e.block(then)),
            Val::Nothing if self.mode == Mode::Build => self.taken(false, then, otherwise),
            Val::Maybe(inner) => self.both(Some((pattern, *inner, value.span)), then, otherwise, span),
            Val::Poison | Val::Nothing => self.both(Some((pattern, Val::Poison, value.span)), then, otherwise, span),
            val => {
                let text = format!("`{}` is {}, which is always present", source(value), self.words(&val));
                let mistake = Diagnostic::new(Code::ControlFlag, value.span, text);
                self.fail(mistake.help("use it directly, or declare it as `Option<…>`"));
                self.both(Some((pattern, val, value.span)), then, otherwise, span)
            }
        }
    }

    /// Runs with a pattern bound in a scope of its own.
    pub(in crate::lang::elaborate) fn with(
        &mut self,
        pattern: &Pattern,
        val: Val,
        span: Span,
        run: impl FnOnce(&mut Self) -> Val,
    ) -> Val {
        self.frame.scopes.push(Vec::new());
        self.bind_pattern(pattern, val, span);
        let val = run(self);
        self.frame.scopes.pop();
        val
    }
}

/// A value after two branches: unknown where they disagree.
fn unsettled(a: Val, b: &Val) -> Val {
    match (a, b) {
        (Val::Tensor(id), Val::Tensor(_)) => Val::Tensor(id),
        (Val::Flag(_), Val::Flag(_)) => Val::Flag(None),
        (Val::Nothing, Val::Maybe(b) | Val::Present(b)) => Val::Maybe(b.clone()),
        (Val::Maybe(a) | Val::Present(a), Val::Maybe(_) | Val::Present(_) | Val::Nothing) => Val::Maybe(a),
        (Val::Tuple(a), Val::Tuple(b)) if a.len() == b.len() => {
            Val::Tuple(a.into_iter().zip(b).map(|(a, b)| unsettled(a, b)).collect())
        }
        (a, b) if a == *b => a,
        (Val::Number(_), Val::Number(_) | Val::Size(_)) | (Val::Size(_), Val::Number(_)) => {
            Val::Number(Scalar::size(&Extent::symbol("?")))
        }
        (Val::Struct { of, sizes, .. }, Val::Struct { .. }) => Val::Struct { of, sizes, path: "?".into() },
        _ => Val::Poison,
    }
}
