//! The state of elaboration: the current position, what is bound there, and the mistakes found.

use std::collections::{BTreeMap, BTreeSet};

use super::value::{Scalar, Val};
use crate::builder::Builder;
use crate::ir::{Extent, Sizes, ValueId};
use crate::lang::ast::{Expression, ExpressionKind, Literal, Span};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::program::{FunctionId, Program, StructId};
use crate::lang::settings::Options;
use crate::lang::signature::Signature;
use crate::lang::types::Ty;

/// Deepest nesting of expressions, calls included; accidental recursion ends here.
pub(super) const DEEPEST: usize = 192;

/// The purpose of the walk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::lang) enum Mode {
    /// Checking: nothing has a value yet.
    Check,
    /// Building a graph.
    Build,
}

/// A name bound in a function.
#[derive(Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) mutable: bool,
    pub(super) val: Val,
    pub(super) span: Span,
}

/// A recorded value; none in a layer of a loop that is not unrolled.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) value: Option<ValueId>,
    /// The enclosing arms of undecided branches, outermost first.
    pub(super) arms: Vec<usize>,
}

/// An enclosing loop.
#[derive(Clone)]
pub(super) struct Layer {
    /// The singular of the loop's array name: `block`.
    pub(super) name: String,
    /// The layer's number, where the loop is unrolled.
    pub(super) number: Option<u64>,
}

/// The function being walked.
pub(super) struct Frame {
    pub(super) id: FunctionId,
    pub(super) builder: Builder,
    pub(super) scopes: Vec<Vec<Variable>>,
    pub(super) signature: Signature,
    /// Values of symbols, as far as they are known.
    pub(super) sizes: Sizes,
    pub(super) records: Vec<Record>,
    pub(super) layers: Vec<Layer>,
    /// The enclosing arms of undecided branches.
    pub(super) arms: Vec<usize>,
    /// The scope in the source names of its operations.
    pub(super) origin: String,
}

/// The walk.
pub(in crate::lang) struct Elaborator<'a> {
    pub(super) program: &'a Program<'a>,
    pub(super) mode: Mode,
    pub(super) settings: &'a BTreeMap<String, Literal>,
    pub(super) options: &'a Options,
    pub(in crate::lang) diagnostics: Vec<Diagnostic>,
    pub(super) frame: Frame,
    /// Functions being elaborated, outermost first.
    pub(super) calls: Vec<FunctionId>,
    pub(super) depth: usize,
    /// Arms of undecided branches walked so far.
    pub(super) arms_walked: usize,
    /// Enclosing repetitions.
    pub(super) turning: usize,
    /// Fields of structs that were read.
    pub(in crate::lang) reads: BTreeSet<(StructId, usize)>,
    /// Structs passed whole to functions of other modules.
    pub(in crate::lang) handed: BTreeSet<StructId>,
}

impl<'a> Elaborator<'a> {
    pub(in crate::lang) fn new(
        program: &'a Program<'a>,
        mode: Mode,
        settings: &'a BTreeMap<String, Literal>,
        options: &'a Options,
        id: FunctionId,
    ) -> Elaborator<'a> {
        let signature = program.signature(id, &mut Vec::new());
        let sizes = if mode == Mode::Build { constant_sizes(settings) } else { Sizes::new() };
        let name = program.function(id).name.text.clone();
        let frame = Frame {
            id,
            builder: Builder::new(name),
            scopes: vec![Vec::new()],
            signature,
            sizes,
            records: Vec::new(),
            layers: Vec::new(),
            arms: Vec::new(),
            origin: String::new(),
        };
        Elaborator {
            program,
            mode,
            settings,
            options,
            diagnostics: Vec::new(),
            frame,
            calls: vec![id],
            depth: 0,
            arms_walked: 0,
            turning: 0,
            reads: BTreeSet::new(),
            handed: BTreeSet::new(),
        }
    }

    /// Elaborates a single function, with parameters of the declared types.
    pub(in crate::lang) fn check(&mut self) {
        let function = self.program.function(self.frame.id);
        for (k, param) in function.params.iter().enumerate() {
            let ty = self.frame.signature.params[k].clone();
            let val = self.assumed(&ty, &param.name.text);
            self.bind(&param.name.text, param.mutable, val, param.name.span);
        }
        self.body(function);
    }

    /// A value of a type, for checking.
    pub(super) fn assumed(&mut self, ty: &Ty, name: &str) -> Val {
        match ty {
            Ty::Tensor(shape) => Val::Tensor(self.frame.builder.input(name, shape.clone())),
            Ty::Struct(id, sizes) => Val::Struct { of: *id, sizes: sizes.clone(), path: name.to_string() },
            Ty::Array(of, count) => Val::Array { of: of.clone(), count: count.clone(), path: name.to_string() },
            Ty::Optional(of) => Val::Maybe(Box::new(self.assumed(of, name))),
            Ty::Tuple(parts) => Val::Tuple(parts.iter().map(|p| self.assumed(p, name)).collect()),
            Ty::Number => Val::Number(Scalar::size(&Extent::symbol("?"))),
            Ty::Size => {
                let own = self.frame.signature.generics.get(name).cloned();
                Val::Size(own.unwrap_or_else(|| Extent::symbol(format!("{name}?"))))
            }
            Ty::Flag => Val::Flag(None),
            Ty::List | Ty::Text | Ty::Unknown => Val::Poison,
        }
    }

    pub(super) fn bind(&mut self, name: &str, mutable: bool, val: Val, span: Span) {
        let variable = Variable { name: name.to_string(), mutable, val, span };
        if let Some(scope) = self.frame.scopes.last_mut() {
            scope.push(variable);
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&Variable> {
        self.frame.scopes.iter().rev().flat_map(|s| s.iter().rev()).find(|v| v.name == name)
    }

    pub(super) fn variable_mut(&mut self, name: &str) -> Option<&mut Variable> {
        self.frame.scopes.iter_mut().rev().flat_map(|s| s.iter_mut().rev()).find(|v| v.name == name)
    }

    /// Reports a mistake once; its consequences are not reported.
    pub(super) fn fail(&mut self, mut mistake: Diagnostic) -> Val {
        if self.mode == Mode::Build {
            let (module, function) = (self.program.modules[self.frame.id.0], self.program.function(self.frame.id));
            mistake.notes.push((function.name.span, format!("in `{}::{}`", module.name, function.name.text)));
        }
        if !self.diagnostics.contains(&mistake) {
            self.diagnostics.push(mistake);
        }
        Val::Poison
    }

    /// A mistake without notes.
    pub(super) fn wrong(&mut self, code: Code, span: Span, message: impl Into<String>) -> Val {
        self.fail(Diagnostic::new(code, span, message))
    }

    pub(super) fn shape(&self, id: ValueId) -> &[Extent] {
        self.frame.builder.shape(id)
    }

    /// The type of a value.
    pub(super) fn type_of(&self, val: &Val) -> Ty {
        match val {
            Val::Tensor(id) => Ty::Tensor(self.shape(*id).to_vec()),
            Val::Struct { of, sizes, .. } => Ty::Struct(*of, sizes.clone()),
            Val::Array { of, count, .. } => Ty::Array(of.clone(), count.clone()),
            Val::Maybe(inner) | Val::Present(inner) => Ty::Optional(Box::new(self.type_of(inner))),
            Val::Nothing => Ty::Optional(Box::new(Ty::Unknown)),
            Val::Size(_) => Ty::Size,
            Val::Number(_) => Ty::Number,
            Val::Flag(_) => Ty::Flag,
            Val::Tuple(parts) => Ty::Tuple(parts.iter().map(|p| self.type_of(p)).collect()),
            Val::List(_) => Ty::List,
            Val::Text(_) => Ty::Text,
            Val::Poison => Ty::Unknown,
        }
    }

    /// A value's type as text: `Tensor<R, R>`, `Linear<C, C>`.
    pub(super) fn words(&self, val: &Val) -> String {
        self.type_of(val).show(self.program).to_string()
    }

    /// Where an operand comes from: its variable's binding, else the expression itself.
    pub(super) fn provenance(&self, expression: &Expression) -> Span {
        match &expression.kind {
            ExpressionKind::Name(name) => self.variable(&name.text).map_or(expression.span, |v| v.span),
            _ => expression.span,
        }
    }
}

/// The sizes among settings.
pub(in crate::lang) fn constant_sizes(settings: &BTreeMap<String, Literal>) -> Sizes {
    let sizes = settings.iter().filter_map(|(name, value)| match value {
        Literal::Size(n) => Some((name.clone(), *n)),
        Literal::Flag(_) | Literal::Number(_) => None,
    });
    sizes.collect()
}
