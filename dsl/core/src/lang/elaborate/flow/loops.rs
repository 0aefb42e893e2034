//! Loops over layers of parameters, and repetitions with the same parameters.

use super::free::{Free, free_names};
use crate::builder::Fault;
use crate::ir::{Extent, ValueId};
use crate::lang::ast::{Block, Expression, Pattern, Span};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::elaborate::params::join;
use crate::lang::elaborate::value::{Scalar, Val};
use crate::lang::elaborate::walk::{Elaborator, Layer, Mode};
use crate::lang::elaborate::words::source;
use crate::lang::types::Ty;

/// What a loop runs over.
enum Over {
    /// An array of parameters: what they are, how many, and their path.
    Layers(Ty, Extent, String),
    /// Nothing but a count.
    Turns(Extent),
}

impl Over {
    fn count(&self) -> &Extent {
        match self {
            Over::Layers(_, count, _) | Over::Turns(count) => count,
        }
    }

    /// What one layer is called.
    fn name(&self) -> String {
        match self {
            Over::Layers(_, _, path) => {
                let last = path.rsplit('.').find(|part| *part != "{}").unwrap_or("layer");
                last.strip_suffix('s').unwrap_or(last).to_string()
            }
            Over::Turns(_) => "iter".into(),
        }
    }
}

impl Elaborator<'_> {
    /// `for block in w.blocks { … }`.
    pub(in crate::lang::elaborate) fn layers(
        &mut self,
        pattern: &Pattern,
        over: &Expression,
        body: &Block,
        span: Span,
    ) {
        match self.expression(over) {
            Val::Array { of, count, path } => self.each(&Over::Layers(*of, count, path), pattern, over, body, span),
            val => {
                if val != Val::Poison {
                    let text =
                        format!("`{}` is {}, but a loop runs over an array of layers", source(over), self.words(&val));
                    let mistake = Diagnostic::new(Code::ControlLayers, over.span, text);
                    self.fail(mistake.help("loop over an array of parameters, `blocks: [Block; N]`"));
                }
                let mark = Layer { name: "layer".into(), number: None };
                self.layer(pattern, Val::Poison, over.span, body, mark);
            }
        }
    }

    /// `for _ in 0..N { … }`.
    pub(in crate::lang::elaborate) fn turns(&mut self, count: &Expression, body: &Block, span: Span) {
        let val = self.expression(count);
        let over = match self.size((count, &val)) {
            Some(extent) => Over::Turns(extent),
            None => Over::Turns(Extent::literal(1)),
        };
        self.turning += 1;
        self.each(&over, &Pattern::Ignore(count.span), count, body, span);
        self.turning -= 1;
    }

    fn each(&mut self, over: &Over, pattern: &Pattern, at: &Expression, body: &Block, span: Span) {
        let free = free_names(body, pattern);
        if !self.carries(&free, at, span) && self.mode == Mode::Build {
            return;
        }
        let name = over.name();
        if self.mode == Mode::Check {
            let element = self.element(over, "{}");
            self.layer(pattern, element, at.span, body, Layer { name, number: None });
            return;
        }
        // `{}` is the number of the loop around it and a repetition has none, so layers inside are unrolled.
        let within_turns = self.turning > 0 && matches!(over, Over::Layers(..));
        if self.options.record || within_turns {
            let Ok(layers) = over.count().eval(&self.frame.sizes) else {
                self.unknown_number(at, &Scalar::size(over.count()));
                return;
            };
            for k in 0..layers {
                let element = self.element(over, &k.to_string());
                self.layer(pattern, element, at.span, body, Layer { name: name.clone(), number: Some(k) });
            }
            return;
        }
        self.repeat(pattern, over, name, &free, body, at);
    }

    /// The parameters of a layer.
    fn element(&mut self, over: &Over, number: &str) -> Val {
        match over {
            Over::Layers(of, _, path) => self.param(of, &join(path, number)),
            Over::Turns(_) => Val::unit(),
        }
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
            let text = format!("the body of the loop ends with {}, which is not used", self.words(&val));
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
                let text = format!(
                    "the loop changes `{name}`, which is {}: only tensors can be carried from layer to layer",
                    self.words(&val)
                );
                let mut mistake = Diagnostic::new(Code::ControlCarried, *at, text).note(declared, "declared here");
                if let Val::Number(_) | Val::Size(_) = val {
                    mistake.help = Some(format!("start with a tensor: `let mut {name} = full(…, shape = [1]);`"));
                }
                self.fail(mistake);
            }
        }
        if !any {
            let text = format!(
                "the loop over `{}` assigns to no variable declared before it, so it has no effect",
                source(over)
            );
            let mistake = Diagnostic::new(Code::ControlIdle, span, text);
            self.fail(mistake.help("declare `let mut x = …` before the loop and assign to it inside"));
        }
        any && fine
    }

    /// A loop planned once and run for every layer.
    fn repeat(&mut self, pattern: &Pattern, over: &Over, name: String, free: &Free, body: &Block, at: &Expression) {
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
        let built = outer.repeat(over.count().clone(), &ids, &others, |inner, inside, reads| {
            std::mem::swap(&mut self.frame.builder, inner);
            self.inside(&others, reads, &carried, inside);
            let element = self.element(over, "{}");
            self.layer(pattern, element, at.span, body, Layer { name, number: None });
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
        // Records in a layer exist once per layer; there is nothing to record out here.
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
                self.wrong(Code::ControlCarried, at.span, fault.message);
            }
        }
    }

    /// Replaces outer tensors by the body's own inputs.
    fn inside(&mut self, others: &[ValueId], reads: &[ValueId], carried: &[(String, ValueId)], inside: &[ValueId]) {
        let place = |id: ValueId| Some(reads[others.iter().position(|other| *other == id)?]);
        for variable in self.frame.scopes.iter_mut().flatten() {
            // Values that the body does not use have no input.
            variable.val = variable.val.moved(&place, &|_| None).unwrap_or(Val::Poison);
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
