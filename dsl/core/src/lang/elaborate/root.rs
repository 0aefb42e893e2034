//! A function planned on its own: its parameters become inputs and weights, its result outputs.

use std::collections::{BTreeMap, BTreeSet};

use super::value::Val;
use super::walk::{Elaborator, Mode};
use crate::builder::Builder;
use crate::ir::{Extent, Graph};
use crate::lang::ast::{Block, Expression, ExpressionKind, Function, Literal, Span};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::program::{FunctionId, Program};
use crate::lang::settings::Options;
use crate::lang::types::Ty;

/// The graph of a function, with the names of its records.
pub(in crate::lang) fn build(
    program: &Program,
    id: FunctionId,
    settings: &BTreeMap<String, Literal>,
    options: &Options,
) -> Result<(Graph, Vec<String>), Vec<Diagnostic>> {
    let mut elaborator = Elaborator::new(program, Mode::Build, settings, options, id);
    let function = program.function(id);
    elaborator.root_names(function);
    for (k, param) in function.params.iter().enumerate() {
        let ty = elaborator.frame.signature.params[k].clone();
        let val = elaborator.root_param(&ty, &param.name.text, param.name.span);
        elaborator.bind(&param.name.text, param.mutable, val, param.name.span);
    }
    if !elaborator.diagnostics.is_empty() {
        return Err(elaborator.diagnostics);
    }
    let val = elaborator.body(function);
    if !elaborator.diagnostics.is_empty() {
        return Err(elaborator.diagnostics);
    }
    elaborator.outputs(function, &val);
    let records: Vec<String> = elaborator.frame.records.iter().map(|r| r.name.clone()).collect();
    for record in std::mem::take(&mut elaborator.frame.records) {
        if let (true, Some(value)) = (options.record, record.value) {
            elaborator.frame.builder.output(record.name, value);
        }
    }
    if !elaborator.diagnostics.is_empty() {
        return Err(elaborator.diagnostics);
    }
    let mut builder = elaborator.frame.builder;
    builder.prune();
    let graph = builder.finish();
    let mut graph = if options.symbolic { graph } else { bound(&graph, settings) };
    graph.precision = options.precision.unwrap_or(function.precision);
    Ok((graph, if options.record { records } else { Vec::new() }))
}

/// The graph with symbols of constants replaced by their values.
fn bound(graph: &Graph, settings: &BTreeMap<String, Literal>) -> Graph {
    let meaning = |symbol: &str| match settings.get(symbol) {
        Some(Literal::Size(n)) => Some(Extent::literal(*n)),
        _ => None,
    };
    let mut builder = Builder::new(graph.name.clone());
    let mut inputs = Vec::new();
    for port in &graph.inputs {
        let shape = graph.values[port.value].shape.iter().map(|e| e.substitute(&meaning)).collect();
        inputs.push(builder.input(port.name.clone(), shape));
    }
    let places = builder.inline(graph, &inputs, &meaning);
    for port in &graph.outputs {
        builder.output(port.name.clone(), places[port.value]);
    }
    builder.finish()
}

impl Elaborator<'_> {
    /// Rejects names that would be ambiguous when the function is planned.
    fn root_names(&mut self, function: &Function) {
        let bound: Vec<String> = self.frame.signature.bound.iter().cloned().collect();
        for symbol in bound.iter().filter(|s| s.ends_with('\'')) {
            let name = symbol.trim_end_matches('\'');
            let text = format!("`{name}` is an axis of `{}` and a constant of a module it uses", function.name.text);
            let mistake = Diagnostic::new(Code::CallsRoot, function.name.span, text);
            self.fail(mistake.help("give one of them another name: sizes are given by name when a plan is made"));
        }
        let mut seen = BTreeSet::new();
        for (k, param) in function.params.iter().enumerate() {
            let ty = self.frame.signature.params[k].clone();
            let mut leaves = Vec::new();
            if !matches!(ty, Ty::Tensor(_)) {
                self.program.leaves(&ty, "", &mut leaves);
            }
            if let Some(twice) = leaves.iter().find(|leaf| !seen.insert(leaf.name.clone())) {
                let text = format!(
                    "`{}` of `{}` has the checkpoint name `{}`, as another parameter has",
                    param.name.text, function.name.text, twice.name
                );
                let mistake = Diagnostic::new(Code::ParamsCollision, param.name.span, text);
                self.fail(mistake.help("put both into one struct, or give the field another `#[name = \"…\"]`"));
            }
        }
    }

    fn root_param(&mut self, ty: &Ty, name: &str, span: Span) -> Val {
        match ty {
            Ty::Tensor(shape) => Val::Tensor(self.frame.builder.input(name, shape.clone())),
            Ty::Struct(..) | Ty::Array(..) => self.param(ty, ""),
            Ty::Optional(of) if matches!(**of, Ty::Tensor(_)) => {
                if self.options.absent.contains(name) {
                    Val::Nothing
                } else {
                    Val::Present(Box::new(self.root_param(of, name, span)))
                }
            }
            Ty::Optional(of) if matches!(**of, Ty::Struct(..) | Ty::Array(..)) => self.param(ty, ""),
            ty => {
                let function = &self.program.function(self.frame.id).name.text;
                let text = format!(
                    "`{function}` cannot be planned on its own: its parameter `{name}` is {}",
                    ty.show(self.program)
                );
                let mistake = Diagnostic::new(Code::CallsRoot, span, text);
                self.fail(mistake.help(
                    "use a constant of the module, which is a setting, or call it from a function that gives the value",
                ))
            }
        }
    }

    fn outputs(&mut self, function: &Function, val: &Val) {
        let vals = match val {
            Val::Tuple(parts) => parts.clone(),
            val => vec![val.clone()],
        };
        let names = output_names(function, vals.len());
        for (name, val) in names.into_iter().zip(vals) {
            match val {
                Val::Tensor(id) => self.frame.builder.output(name, id),
                Val::Poison => {}
                val => {
                    let text = format!(
                        "`{}` cannot be planned on its own: its result is {}, not tensors",
                        function.name.text,
                        self.words(&val)
                    );
                    self.wrong(Code::CallsRoot, function.result.span, text);
                }
            }
        }
        if self.frame.builder.graph().outputs.is_empty() && self.diagnostics.is_empty() {
            let text = format!("`{}` cannot be planned on its own: it returns no tensor", function.name.text);
            self.wrong(Code::CallsRoot, function.result.span, text);
        }
    }
}

/// Names of a function's results: those of its variables where it returns variables.
pub(in crate::lang) fn output_names(function: &Function, count: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for k in 0..count {
        let own = result_of(&function.body).and_then(|e| match &e.kind {
            ExpressionKind::Tuple(parts) => parts.get(k).and_then(plain),
            _ if count == 1 => plain(e),
            _ => None,
        });
        let plain = if k == 0 { "out".to_string() } else { format!("out{k}") };
        let name = own.unwrap_or_else(|| plain.clone());
        names.push(if names.contains(&name) { plain } else { name });
    }
    names
}

fn result_of(block: &Block) -> Option<&Expression> {
    let result = block.result.as_deref()?;
    match &result.kind {
        ExpressionKind::Block(inner) => result_of(inner),
        _ => Some(result),
    }
}

fn plain(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name.text.clone()),
        _ => None,
    }
}
