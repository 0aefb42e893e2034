//! Calls of the library's own functions.

use std::collections::BTreeMap;

use super::value::{Scalar, Val};
use super::walk::{Elaborator, Frame, Mode, Variable};
use super::words::{arguments_word, source};
use crate::builder::Builder;
use crate::ir::{Expr, Extent, Instr, ValueId, shape_text};
use crate::lang::ast::{Expression, Ident, Span};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::program::{FunctionId, suggest};
use crate::lang::signature::Signature;
use crate::lang::types::Ty;

/// What a callee's symbols mean to its caller, and which argument determined it.
type Bindings = BTreeMap<String, (Extent, usize)>;

impl Elaborator<'_> {
    /// `f(a, b, over = c)`: a builtin, or a function of the library.
    pub(super) fn call(
        &mut self,
        function: &Ident,
        arguments: &[Expression],
        named: &[(Ident, Expression)],
        span: Span,
    ) -> Val {
        if let Some(id) = self.program.find_function(self.frame.id.0, &function.text) {
            return self.call_function(id, function, arguments, named, span);
        }
        if super::builtin::is_builtin(&function.text) {
            return self.builtin(function, arguments, named, span);
        }
        // Mistakes in the arguments are reported as well.
        arguments.iter().chain(named.iter().map(|n| &n.1)).for_each(|e| drop(self.expression(e)));
        let mut names = self.program.names(self.frame.id.0, |m| m.functions.iter().map(|f| &*f.name.text).collect());
        names.extend(super::builtin::names().map(String::from));
        let mut mistake =
            Diagnostic::new(Code::CallsUnknown, function.span, format!("there is no function `{}`", function.text));
        if self.variable(&function.text).is_some() {
            mistake.help = Some(format!("`{}` is a variable here", function.text));
        } else {
            mistake.help = suggest(&function.text, &names);
        }
        self.fail(mistake)
    }

    fn call_function(
        &mut self,
        id: FunctionId,
        name: &Ident,
        arguments: &[Expression],
        named: &[(Ident, Expression)],
        span: Span,
    ) -> Val {
        let function = self.program.function(id);
        let mut given: Vec<Option<&Expression>> = arguments.iter().map(Some).collect();
        let mut misnamed = false;
        for (label, value) in named {
            let Some(k) = function.params.iter().position(|p| p.name.text == label.text) else {
                let text = format!("`{}` has no parameter `{}`", name.text, label.text);
                let names: Vec<String> = function.params.iter().map(|p| p.name.text.clone()).collect();
                let mut mistake = Diagnostic::new(Code::CallsNamed, label.span, text);
                mistake.help = suggest(&label.text, &names);
                self.fail(mistake);
                self.expression(value);
                misnamed = true;
                continue;
            };
            given.resize(given.len().max(k + 1), None);
            if given[k].replace(value).is_some() {
                let text = format!("`{}` of `{}` is given twice", label.text, name.text);
                self.fail(Diagnostic::new(Code::CallsNamed, label.span, text).help("remove one of them"));
            }
        }
        let vals: Vec<Option<Val>> = given.iter().map(|e| e.map(|e| self.expression(e))).collect();
        if misnamed {
            return Val::Poison;
        }
        if given.len() != function.params.len() || given.contains(&None) {
            let takes: Vec<&str> = function.params.iter().map(|p| &*p.name.text).collect();
            let count = given.iter().flatten().count();
            let text = format!("`{}` takes {}, found {count}", name.text, arguments_word(takes.len()));
            let mistake = Diagnostic::new(Code::CallsCount, name.span, text)
                .place(function.name.span, "declared here")
                .help(format!("write `{}({})`", name.text, takes.join(", ")));
            return self.fail(mistake);
        }
        let given: Vec<&Expression> = given.into_iter().flatten().collect();
        let vals: Vec<Val> = vals.into_iter().flatten().collect();
        if id.0 != self.frame.id.0 {
            for val in &vals {
                if let Val::Struct { of, .. } = val {
                    self.handed.insert(*of);
                }
            }
        }
        let signature = self.program.signature(id, &mut Vec::new());
        let Some(bindings) = self.unify(id, &signature, name, &given, &vals) else { return Val::Poison };
        if self.mode == Mode::Build && self.calls.contains(&id) {
            // While checking, a separate pass over the module finds cycles.
            let text = format!("`{}` calls itself: functions cannot be recursive", name.text);
            return self.wrong(Code::CallsRecursion, span, text);
        }
        match self.mode {
            Mode::Check => {
                let result = signature.result.substitute(&|s| bindings.get(s).map(|b| b.0.clone()));
                self.assumed(&result, &name.text)
            }
            Mode::Build => self.walk(id, signature, &given, vals, &bindings),
        }
    }

    /// Binds a callee's symbols by its parameters' types.
    fn unify(
        &mut self,
        id: FunctionId,
        signature: &Signature,
        name: &Ident,
        given: &[&Expression],
        vals: &[Val],
    ) -> Option<Bindings> {
        let function = self.program.function(id);
        let mut pairs = Vec::new();
        let mut fine = true;
        for (k, (formal, val)) in signature.params.iter().zip(vals).enumerate() {
            if val.poisoned() || *formal == Ty::Unknown {
                fine = false;
                continue;
            }
            let found = self.type_of(val);
            if let (Ty::Size, Val::Size(extent)) = (formal, val) {
                let symbol = signature.generics.get(&function.params[k].name.text).cloned().unwrap_or_default();
                pairs.push((symbol, extent.clone(), k));
            }
            if !pair(formal, &found, k, &mut pairs) {
                fine = false;
                self.wrong_type(id, name, k, formal, val, given[k]);
            }
        }
        if !fine {
            return None;
        }
        let mut bindings = Bindings::new();
        // First bare names, in any order; then everything else is checked against them.
        for (formal, actual, k) in &pairs {
            if let Some(symbol) = formal.as_symbol().filter(|s| signature.bound.contains(*s)) {
                bindings.entry(symbol.to_string()).or_insert_with(|| (actual.clone(), *k));
            }
        }
        let meaning = |s: &str| bindings.get(s).map(|b| b.0.clone());
        let wrong = pairs.iter().find(|(formal, actual, _)| formal.substitute(&meaning) != *actual);
        if let Some((formal, actual, k)) = wrong {
            let expected = formal.substitute(&meaning);
            self.conflict(id, name, (formal, &expected, actual, *k), signature, (given, vals), &bindings);
            return None;
        }
        Some(bindings)
    }

    fn wrong_type(&mut self, id: FunctionId, name: &Ident, k: usize, formal: &Ty, val: &Val, at: &Expression) {
        let param = &self.program.function(id).params[k];
        let takes = formal.show(self.program).to_string();
        let text = match (formal, self.type_of(val)) {
            (Ty::Tensor(want), Ty::Tensor(have)) => format!(
                "`{}` of `{}` expects {} axes {}, but `{}` has {} {}",
                param.name.text,
                name.text,
                want.len(),
                shape_text(&plain(want)),
                source(at),
                have.len(),
                shape_text(&have)
            ),
            _ => format!(
                "`{}` of `{}` expects {takes}, but `{}` is {}",
                param.name.text,
                name.text,
                source(at),
                self.words(val)
            ),
        };
        let optional = matches!(val, Val::Maybe(_) | Val::Present(_) | Val::Nothing);
        let code = if optional { Code::ParamsOptional } else { Code::CallsType };
        let mut mistake = Diagnostic::new(code, at.span, text).place(param.name.span, "the parameter");
        if optional {
            mistake.help = Some(format!("check it first: `if let Some(value) = {} {{ … }}`", source(at)));
        } else if let Ty::Optional(_) = formal {
            mistake.help = Some(format!("write `Some({})`", source(at)));
        }
        self.fail(mistake);
    }

    /// Reports an argument whose sizes conflict with the others.
    fn conflict(
        &mut self,
        id: FunctionId,
        name: &Ident,
        (formal, expected, actual, k): (&Extent, &Extent, &Extent, usize),
        signature: &Signature,
        (given, vals): (&[&Expression], &[Val]),
        bindings: &Bindings,
    ) {
        let function = self.program.function(id);
        let param = &function.params[k];
        let meaning = |s: &str| bindings.get(s).map(|b| b.0.clone());
        let wanted = signature.params[k].substitute(&meaning);
        let text = format!(
            "`{}` of `{}` expects {} here, but `{}` is {}: found {actual}, expected {expected}",
            param.name.text,
            name.text,
            wanted.show(self.program),
            source(given[k]),
            self.words(&vals[k]),
        );
        let mut mistake = Diagnostic::new(Code::AxesConflict, given[k].span, text)
            .note(self.provenance(given[k]), format!("`{}` is {}", source(given[k]), self.words(&vals[k])));
        for symbol in formal.symbols() {
            if let Some((extent, from)) = bindings.get(symbol)
                && *from != k
            {
                let shown = symbol.trim_end_matches('\'');
                let text = format!("`{shown}` of `{}` is {extent} because of `{}`", name.text, source(given[*from]));
                mistake = mistake.note(self.provenance(given[*from]), text);
            }
        }
        self.fail(mistake.note(param.name.span, format!("declared as {}", signature.params[k].show(self.program))));
    }

    /// Elaborates a callee and inlines its graph.
    fn walk(
        &mut self,
        id: FunctionId,
        signature: Signature,
        given: &[&Expression],
        vals: Vec<Val>,
        bindings: &Bindings,
    ) -> Val {
        let program = self.program;
        let function = program.function(id);
        let mut meanings: BTreeMap<String, Extent> = bindings.iter().map(|(s, b)| (s.clone(), b.0.clone())).collect();
        let mut inputs = Vec::new();
        let mut builder = Builder::new(function.name.text.clone());
        let path = vals.iter().find_map(|v| match v {
            Val::Struct { path, .. } | Val::Array { path, .. } if !path.is_empty() => Some(path.clone()),
            _ => None,
        });
        let origin = path.unwrap_or_else(|| super::params::join(&self.frame.origin, &function.name.text));
        builder.enter(origin.clone());
        let mut variables = Vec::new();
        for (k, (param, val)) in function.params.iter().zip(vals).enumerate() {
            let formal = signature.params[k].clone();
            let val = enter(&mut builder, &mut inputs, &mut meanings, &formal, val, &param.name.text);
            let val = match (&formal, val) {
                (Ty::Size, _) => Val::Size(signature.generics.get(&param.name.text).cloned().unwrap_or_default()),
                (_, val) => val,
            };
            let span = if param.name.span == Span(0) { given[k].span } else { param.name.span };
            variables.push(Variable { name: param.name.text.clone(), mutable: param.mutable, val, span });
        }
        let mut sizes = super::constant_sizes(self.settings);
        for (symbol, extent) in &meanings {
            if let Ok(value) = extent.eval(&self.frame.sizes) {
                sizes.insert(symbol.clone(), value);
            }
        }
        let (layers, arms, records) = (self.frame.layers.clone(), Vec::new(), Vec::new());
        let callee = Frame { id, builder, scopes: vec![variables], signature, sizes, records, layers, arms, origin };
        let caller = std::mem::replace(&mut self.frame, callee);
        self.calls.push(id);
        let val = self.body(function);
        self.calls.pop();
        let callee = std::mem::replace(&mut self.frame, caller);
        let graph = callee.builder.finish();
        let meaning = |s: &str| meanings.get(s).cloned();
        let places = self.frame.builder.inline(&graph, &inputs, &meaning);
        for record in callee.records {
            self.keep_record(record.name, record.value.map(|v| places[v]), function.name.span);
        }
        val.moved(&|id| Some(places[id]), &meaning).expect("every value has a place")
    }
}

/// An argument in the callee's own graph and symbols.
fn enter(
    builder: &mut Builder,
    inputs: &mut Vec<ValueId>,
    meanings: &mut BTreeMap<String, Extent>,
    formal: &Ty,
    val: Val,
    name: &str,
) -> Val {
    match (formal, val) {
        (Ty::Tensor(shape), Val::Tensor(id)) => {
            inputs.push(id);
            Val::Tensor(builder.input(name, shape.clone()))
        }
        (Ty::Struct(of, sizes), Val::Struct { path, .. }) => Val::Struct { of: *of, sizes: sizes.clone(), path },
        (Ty::Array(of, count), Val::Array { path, .. }) => Val::Array { of: of.clone(), count: count.clone(), path },
        (Ty::Optional(of), Val::Present(inner) | Val::Maybe(inner)) => {
            Val::Present(Box::new(enter(builder, inputs, meanings, of, *inner, name)))
        }
        (Ty::Tuple(types), Val::Tuple(parts)) => {
            let parts = types.iter().zip(parts).map(|(ty, v)| enter(builder, inputs, meanings, ty, v, name));
            Val::Tuple(parts.collect())
        }
        (Ty::Number, Val::Size(extent)) => Val::Number(foreign(Scalar::size(&extent), meanings, name)),
        (Ty::Number, Val::Number(scalar)) => Val::Number(foreign(scalar, meanings, name)),
        (_, val) => val,
    }
}

/// A number that depends on the caller's sizes: each gets a new symbol in the callee.
fn foreign(scalar: Scalar, meanings: &mut BTreeMap<String, Extent>, name: &str) -> Scalar {
    let mut instrs = scalar.0.0;
    for (k, instr) in instrs.iter_mut().enumerate() {
        if let Instr::Size(extent) = instr {
            let symbol = format!("{name}?{k}");
            let own = Extent::symbol(symbol.clone());
            meanings.insert(symbol, std::mem::replace(extent, own));
        }
    }
    Scalar(Expr(instrs))
}

/// The sizes of two types that must agree, side by side; false where the types themselves differ.
fn pair(formal: &Ty, found: &Ty, k: usize, pairs: &mut Vec<(Extent, Extent, usize)>) -> bool {
    let mut all = |a: &[Extent], b: &[Extent]| {
        pairs.extend(a.iter().zip(b).map(|(a, b)| (a.clone(), b.clone(), k)));
        a.len() == b.len()
    };
    match (formal, found) {
        (Ty::Tensor(a), Ty::Tensor(b)) => all(a, b),
        (Ty::Struct(a, x), Ty::Struct(b, y)) => a == b && all(x, y),
        (Ty::Array(a, n), Ty::Array(b, m)) => {
            let counts = all(std::slice::from_ref(n), std::slice::from_ref(m));
            counts && pair(a, b, k, pairs)
        }
        (Ty::Optional(a), Ty::Optional(b)) => **b == Ty::Unknown || pair(a, b, k, pairs),
        (Ty::Tuple(a), Ty::Tuple(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| pair(a, b, k, pairs)),
        (a, b) => a.takes(b),
    }
}

/// Sizes as written in the callee: the mark on names shared with a constant is removed.
fn plain(shape: &[Extent]) -> Vec<Extent> {
    shape.iter().map(|e| e.substitute(&|s| s.strip_suffix('\'').map(Extent::symbol))).collect()
}
