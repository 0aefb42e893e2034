//! Branches on flags and optional values; loops over layers.

use super::free::{Free, free_names};
use super::params::join;
use super::value::{Ty, Val};
use super::{Elaborator, Layer, Mode, source};
use crate::build::Fault;
use crate::ir::{Extent, ValueId};
use crate::lang::ast::{Block, Expression, ExpressionKind, Pattern, Span};
use crate::lang::diagnostic::{Code, Diagnostic};

impl Elaborator<'_> {
    /// `if flag { … } else { … }`.
    pub(super) fn branch(
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
                let text = format!("{what} is {}, and `if` asks a flag", self.words(&val));
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

    /// Both branches, each from the same state; they must agree on their type. What is bound is bound in the first.
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
                (format!("the branch gives {} and there is no `else`", a.show(self.program)), Code::ControlMissing)
            } else {
                let text = format!("one branch gives {} and the other {}", a.show(self.program), b.show(self.program));
                (text, Code::ControlBranches)
            };
            let at = |block: &Block| block.result.as_ref().map_or(block.end, |r| r.span);
            let mut mistake = Diagnostic::new(code, span, text).note(at(then), a.show(self.program).to_string());
            if let Some(block) = otherwise {
                mistake = mistake.note(at(block), b.show(self.program).to_string());
            }
            let help =
                if otherwise.is_some() { "make both of one type" } else { "add `else { … }` with the other value" };
            return self.fail(mistake.help(help));
        }
        unsettled(first, &second)
    }

    /// One branch of which nobody knows yet whether it is taken.
    fn arm(&mut self, block: &Block) -> Val {
        self.arms_walked += 1;
        self.frame.arms.push(self.arms_walked);
        let val = self.block(block);
        self.frame.arms.pop();
        val
    }

    /// Variables after two branches: where the branches differ in what is known, nothing is known.
    fn merge(&mut self, other: Vec<Vec<super::Variable>>) {
        for (ours, theirs) in self.frame.scopes.iter_mut().zip(other) {
            for (variable, theirs) in ours.iter_mut().zip(theirs) {
                let ours = std::mem::replace(&mut variable.val, Val::Poison);
                variable.val = unsettled(theirs.val, &ours);
            }
        }
    }

    /// `if let Some(x) = value { … } else { … }`.
    pub(super) fn branch_some(
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
                let text = format!("`{}` is {}, which is always there", source(value), self.words(&val));
                let mistake = Diagnostic::new(Code::ControlFlag, value.span, text);
                self.fail(mistake.help("use it directly, or declare it as `Option<…>`"));
                self.both(Some((pattern, val, value.span)), then, otherwise, span)
            }
        }
    }

    /// Runs with a pattern bound in a scope of its own.
    fn with(&mut self, pattern: &Pattern, val: Val, span: Span, run: impl FnOnce(&mut Self) -> Val) -> Val {
        self.frame.scopes.push(Vec::new());
        self.bind_pattern(pattern, val, span);
        let val = run(self);
        self.frame.scopes.pop();
        val
    }

    /// `for block in w.blocks { … }`.
    pub(super) fn layers(&mut self, pattern: &Pattern, over: &Expression, body: &Block, span: Span) {
        let val = self.expression(over);
        let (of, count, path) = match val {
            Val::Array { of, count, path } => (of, count, path),
            val => {
                if val != Val::Poison {
                    let text = format!("`{}` is {}, and a loop runs over layers", source(over), self.words(&val));
                    let mistake = Diagnostic::new(Code::ControlLayers, over.span, text);
                    self.fail(mistake.help("loop over an array of parameters, `blocks: [Block; N]`"));
                }
                let mark = Layer { name: "layer".into(), number: None };
                self.layer(pattern, Val::Poison, over.span, body, mark);
                return;
            }
        };
        let free = free_names(body, pattern);
        if !self.carries(&free, over, span) && self.mode == Mode::Build {
            return;
        }
        let last = path.rsplit('.').find(|part| *part != "{}").unwrap_or("layer");
        let name = last.strip_suffix('s').unwrap_or(last).to_string();
        if self.mode == Mode::Check {
            let element = self.param(&of, &join(&path, "{}"));
            self.layer(pattern, element, over.span, body, Layer { name, number: None });
            return;
        }
        if self.options.record {
            let Ok(layers) = count.eval(&self.frame.sizes) else {
                self.unknown_number(over, &super::value::Scalar::size(&count));
                return;
            };
            for k in 0..layers {
                let element = self.param(&of, &join(&path, &k.to_string()));
                self.layer(pattern, element, over.span, body, Layer { name: name.clone(), number: Some(k) });
            }
            return;
        }
        self.repeat(pattern, (&of, &count, &path), name, &free, body, over);
    }

    /// One layer's body.
    fn layer(&mut self, pattern: &Pattern, element: Val, span: Span, body: &Block, mark: Layer) {
        self.frame.layers.push(mark);
        let val = self.with(pattern, element, span, |e| e.block(body));
        self.frame.layers.pop();
        if !val.poisoned()
            && val != Val::unit()
            && let Some(result) = &body.result
        {
            let text = format!("a layer gives {}, and nothing takes it", self.words(&val));
            let mistake = Diagnostic::new(Code::ControlIdle, result.span, text);
            self.fail(mistake.help("assign it to a variable declared before the loop"));
        }
    }

    /// Whether the variables that a loop changes can be carried from layer to layer.
    fn carries(&mut self, free: &Free, over: &Expression, span: Span) -> bool {
        let mut any = false;
        let mut fine = true;
        for (name, at) in &free.assigned {
            let Some(variable) = self.variable(name) else { continue };
            any = true;
            let (val, declared) = (variable.val.clone(), variable.span);
            if !matches!(val, Val::Tensor(_) | Val::Poison) {
                fine = false;
                let text = format!("the loop changes `{name}`, which is {}: layers hand on tensors", self.words(&val));
                let mut mistake = Diagnostic::new(Code::ControlCarried, *at, text).note(declared, "declared here");
                if let Val::Number(_) | Val::Size(_) = val {
                    mistake.help = Some(format!("begin with a tensor: `let mut {name} = full(…, shape = [1]);`"));
                }
                self.fail(mistake);
            }
        }
        if !any {
            let text =
                format!("the loop over `{}` assigns nothing declared before it, so it changes nothing", source(over));
            let mistake = Diagnostic::new(Code::ControlIdle, span, text);
            self.fail(mistake.help("declare `let mut x = …` before the loop and assign to it inside"));
        }
        any && fine
    }

    /// A loop planned once and run for every layer.
    fn repeat(
        &mut self,
        pattern: &Pattern,
        (of, count, path): (&Ty, &Extent, &str),
        name: String,
        free: &Free,
        body: &Block,
        over: &Expression,
    ) {
        let mut carried: Vec<(String, ValueId)> = Vec::new();
        for name in free.assigned.keys() {
            if let Some(Val::Tensor(id)) = self.variable(name).map(|v| v.val.clone()) {
                carried.push((name.clone(), id));
            }
        }
        let mut others: Vec<ValueId> = Vec::new();
        let assigned = |name: &str| carried.iter().any(|(c, _)| c == name);
        for name in free.read.iter().filter(|n| !assigned(n)) {
            if let Some(variable) = self.variable(name) {
                variable.val.tensors(&mut others);
            }
        }
        others.sort_unstable();
        others.dedup();
        let (before, recorded) = (self.frame.scopes.clone(), self.frame.records.len());
        let ids: Vec<ValueId> = carried.iter().map(|c| c.1).collect();
        let mut outer = std::mem::take(&mut self.frame.builder);
        let built = outer.repeat(count.clone(), &ids, &others, |inner, inside, reads| {
            std::mem::swap(&mut self.frame.builder, inner);
            self.inside(&others, reads, &carried, inside);
            let element = self.param(of, &join(path, "{}"));
            self.layer(pattern, element, over.span, body, Layer { name, number: None });
            let after = carried.iter().map(|(name, _)| match self.variable(name).map(|v| &v.val) {
                Some(Val::Tensor(id)) => Some(*id),
                _ => None,
            });
            let after: Option<Vec<ValueId>> = after.collect();
            std::mem::swap(&mut self.frame.builder, inner);
            after.ok_or(Stopped::Said)
        });
        self.frame.builder = outer;
        self.frame.scopes = before;
        // What a layer records exists once a layer; there is nothing to keep out here.
        self.frame.records.iter_mut().skip(recorded).for_each(|r| r.value = None);
        match built {
            Ok(values) => {
                for ((name, _), id) in carried.iter().zip(values) {
                    if let Some(variable) = self.variable_mut(name) {
                        variable.val = Val::Tensor(id);
                    }
                }
            }
            Err(Stopped::Said) => {}
            Err(Stopped::Fault(fault)) => {
                self.wrong(Code::ControlCarried, over.span, fault.message);
            }
        }
    }

    /// Puts the body's own inputs where the outer tensors stood.
    fn inside(&mut self, others: &[ValueId], reads: &[ValueId], carried: &[(String, ValueId)], inside: &[ValueId]) {
        // Tensors that the body does not name have no place in it.
        let place = |id: ValueId| others.iter().position(|o| *o == id).map_or(ValueId::MAX, |k| reads[k]);
        for variable in self.frame.scopes.iter_mut().flatten() {
            variable.val = variable.val.moved(&place, &|_| None);
        }
        for ((name, _), id) in carried.iter().zip(inside) {
            if let Some(variable) = self.variable_mut(name) {
                variable.val = Val::Tensor(*id);
            }
        }
    }
}

/// Why a loop's body was not built.
enum Stopped {
    Said,
    Fault(Fault),
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Stopped {
        Stopped::Fault(fault)
    }
}

/// A value after two branches: what they do not agree on is not known.
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
            Val::Number(super::value::Scalar::size(&Extent::symbol("?")))
        }
        (Val::Struct { of, sizes, .. }, Val::Struct { .. }) => Val::Struct { of, sizes, path: "?".into() },
        _ => Val::Poison,
    }
}
