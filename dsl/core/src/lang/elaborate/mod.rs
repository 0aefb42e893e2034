//! Elaboration: a function of a library becomes a graph, or a list of what is wrong with it.
//!
//! The same walk serves both. While checking, settings have no value, both branches of a flag are
//! walked, calls are judged by signatures and the graph is thrown away. While building, flags are
//! values, calls are walked, and the graph of a called function, in its own symbols, is set into the
//! caller's. So a function means the same wherever it is called from.

mod arithmetic;
mod builtin;
mod call;
mod control;
mod einsum;
mod expression;
mod free;
mod loops;
mod params;
mod root;
mod statement;
mod value;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use builtin::names as builtin_names;
pub(super) use free::free_names;
pub(super) use root::{build, output_names};
pub(super) use value::Ty;
use value::{Scalar, Val};

use super::ast::{Expression, ExpressionKind, Literal, Span};
use super::diagnostic::{Code, Diagnostic};
use super::program::{FunctionId, Program, StructId};
use super::settings::Options;
use super::types::Signature;
use crate::builder::Builder;
use crate::ir::{Extent, Sizes, ValueId};

/// Deepest nesting of expressions, calls included; recursion by mistake ends here at the latest.
const DEEPEST: usize = 192;

/// Why the walk is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// To find mistakes: nothing has a value yet.
    Check,
    /// To make a graph.
    Build,
}

/// A name bound in a function.
#[derive(Clone)]
struct Variable {
    name: String,
    mutable: bool,
    val: Val,
    span: Span,
}

/// A value to be kept under a name; none of a layer of a loop that is not unrolled.
#[derive(Clone)]
struct Record {
    name: String,
    value: Option<ValueId>,
    /// The arms of undecided branches it stands in, the outermost first.
    arms: Vec<usize>,
}

/// A loop around the place where we are.
#[derive(Clone)]
struct Layer {
    /// The loop's array without its plural: `block`.
    name: String,
    /// The layer's number, where the loop is unrolled.
    number: Option<u64>,
}

/// The function being walked.
struct Frame {
    id: FunctionId,
    builder: Builder,
    scopes: Vec<Vec<Variable>>,
    signature: Signature,
    /// Values of symbols, as far as they are known.
    sizes: Sizes,
    records: Vec<Record>,
    layers: Vec<Layer>,
    /// The arms of undecided branches around the place where we are.
    arms: Vec<usize>,
    /// Where its operations stand, in texts.
    origin: String,
}

/// The walk.
pub(super) struct Elaborator<'a> {
    program: &'a Program<'a>,
    mode: Mode,
    settings: &'a BTreeMap<String, Literal>,
    options: &'a Options,
    pub(super) diagnostics: Vec<Diagnostic>,
    frame: Frame,
    /// Functions being walked, the outermost first.
    calls: Vec<FunctionId>,
    depth: usize,
    /// Arms of undecided branches walked so far.
    arms_walked: usize,
    /// Loops of turns around the place being walked.
    turning: usize,
    /// Fields of structs that were read.
    pub(super) reads: BTreeSet<(StructId, usize)>,
    /// Structs handed whole to functions of other modules.
    pub(super) handed: BTreeSet<StructId>,
}

impl<'a> Elaborator<'a> {
    pub(super) fn new(
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

    /// Walks a function by itself, its parameters of the declared types.
    pub(super) fn check(&mut self) {
        let function = self.program.function(self.frame.id);
        for (k, param) in function.params.iter().enumerate() {
            let ty = self.frame.signature.params[k].clone();
            let val = self.assumed(&ty, &param.name.text);
            self.bind(&param.name.text, param.mutable, val, param.name.span);
        }
        self.body(function);
    }

    /// A value of a type, for checking.
    fn assumed(&mut self, ty: &Ty, name: &str) -> Val {
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

    fn bind(&mut self, name: &str, mutable: bool, val: Val, span: Span) {
        let variable = Variable { name: name.to_string(), mutable, val, span };
        if let Some(scope) = self.frame.scopes.last_mut() {
            scope.push(variable);
        }
    }

    fn variable(&self, name: &str) -> Option<&Variable> {
        self.frame.scopes.iter().rev().flat_map(|s| s.iter().rev()).find(|v| v.name == name)
    }

    fn variable_mut(&mut self, name: &str) -> Option<&mut Variable> {
        self.frame.scopes.iter_mut().rev().flat_map(|s| s.iter_mut().rev()).find(|v| v.name == name)
    }

    /// Says a mistake, once; what follows from it is silent.
    fn fail(&mut self, mut mistake: Diagnostic) -> Val {
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
    fn wrong(&mut self, code: Code, span: Span, message: impl Into<String>) -> Val {
        self.fail(Diagnostic::new(code, span, message))
    }

    fn shape(&self, id: ValueId) -> &[Extent] {
        self.frame.builder.shape(id)
    }

    /// The type of a value.
    fn type_of(&self, val: &Val) -> Ty {
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

    /// A value in words: `Tensor<R, R>`, `Linear<C, C>`.
    fn words(&self, val: &Val) -> String {
        self.type_of(val).show(self.program).to_string()
    }

    /// Where an operand comes from: its variable's binding, else the expression itself.
    fn provenance(&self, expression: &Expression) -> Span {
        match &expression.kind {
            ExpressionKind::Name(name) => self.variable(&name.text).map_or(expression.span, |v| v.span),
            _ => expression.span,
        }
    }
}

/// The sizes among settings.
pub(super) fn constant_sizes(settings: &BTreeMap<String, Literal>) -> Sizes {
    let sizes = settings.iter().filter_map(|(name, value)| match value {
        Literal::Size(n) => Some((name.clone(), *n)),
        Literal::Flag(_) | Literal::Number(_) => None,
    });
    sizes.collect()
}

/// An expression in words: `w.linear_q`, `sigmoid(…)`.
fn source(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Name(name) => name.text.clone(),
        ExpressionKind::Number(x) => format!("{x}"),
        ExpressionKind::Integer(n) => n.to_string(),
        ExpressionKind::Flag(b) => b.to_string(),
        ExpressionKind::Text(text) => format!("\"{text}\""),
        ExpressionKind::Nothing => "None".into(),
        ExpressionKind::Field(base, name) => match base.kind {
            ExpressionKind::Name(_) | ExpressionKind::Field(..) | ExpressionKind::Item(..) => {
                format!("{}.{}", source(base), name.text)
            }
            _ => format!("….{}", name.text),
        },
        ExpressionKind::Item(base, index) => match base.kind {
            ExpressionKind::Name(_) | ExpressionKind::Field(..) => format!("{}[{}]", source(base), source(index)),
            _ => "…[…]".into(),
        },
        ExpressionKind::Call { function, .. } => format!("{}(…)", function.text),
        ExpressionKind::Unary(op, _) => match op {
            super::ast::UnaryOp::Neg => "-…".into(),
            super::ast::UnaryOp::Not => "!…".into(),
        },
        ExpressionKind::Binary(op, ..) => format!("… {} …", arithmetic::sign(*op)),
        ExpressionKind::If { .. } | ExpressionKind::IfSome { .. } => "if … { … }".into(),
        ExpressionKind::Tuple(_) => "(…)".into(),
        ExpressionKind::List(_) => "[…]".into(),
        ExpressionKind::Block(_) => "{ … }".into(),
        ExpressionKind::Einsum { .. } => "einsum!(…)".into(),
    }
}
