//! Checks of a module, function by function and as a whole.

mod structs;

pub(super) use structs::endless;

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Budget, ExpressionKind, Function, Ident, Library, Literal, Module, Pattern, SizeExpr, SizeKind};
use super::ast::{Span, Type, TypeKind};
use super::diagnostic::{Code, Diagnostic};
use super::elaborate::{Elaborator, Mode, free_names};
use super::program::{FunctionId, Program, StructId, suggest};
use super::settings::{Options, fitting, kind, shown};
use super::signature::{Signature, every};
use super::types::Ty;

/// All mistakes in the last module of a library: every function, both branches of every flag.
pub fn check(library: &Library) -> Vec<Diagnostic> {
    let Some(program) = Program::new(library) else { return Vec::new() };
    let module = program.modules[program.home];
    let mut found = Vec::new();
    imports(&program, module, &mut found);
    duplicates(module, &mut found);
    let unending = endless(&program);
    if !unending.is_empty() {
        // Walks through recursive structs would not end.
        found.extend(unending);
        return found;
    }
    structs::fields(&program, module, &mut found);
    recursion(&program, module, &mut found);
    let options = Options::default();
    let (mut reads, mut handed) = (BTreeSet::new(), BTreeSet::new());
    for k in 0..module.functions.len() {
        let id = (program.home, k);
        let signature = program.signature(id, &mut found);
        signature_names(&program, id, &signature, &mut found);
        let mut elaborator = Elaborator::new(&program, Mode::Check, &program.constants, &options, id);
        elaborator.check();
        found.append(&mut elaborator.diagnostics);
        reads.append(&mut elaborator.reads);
        handed.append(&mut elaborator.handed);
        unused_params(program.function(id), &mut found);
        for budget in &program.function(id).budgets {
            self::budget(&program, id, &signature, budget, &mut found);
        }
    }
    if found.is_empty() {
        unused_fields(&program, module, &reads, &handed, &mut found);
    }
    found
}

fn imports(program: &Program, module: &Module, found: &mut Vec<Diagnostic>) {
    for import in &module.imports {
        let item = &import.item.text;
        let Some(from) = program.module(&import.module) else {
            let text = format!("the module of `{}` is not in the library", import.name.text);
            found.push(Diagnostic::new(Code::CallsImport, import.name.span, text));
            continue;
        };
        let known = program.find_function(from, item).is_some()
            || program.find_struct(from, item).is_some()
            || program.find_constant(from, item).is_some()
            || program.find_axis(from, item).is_some();
        if !known {
            let there = program.modules[from];
            let text = format!("module `{}` has no `{item}`", there.name);
            let functions = there.functions.iter().map(|f| f.name.text.clone());
            let names: Vec<String> = functions.chain(there.structs.iter().map(|s| s.name.text.clone())).collect();
            let mut mistake = Diagnostic::new(Code::CallsImport, import.name.span, text);
            mistake.help = suggest(item, &names);
            found.push(mistake);
        }
    }
}

fn duplicates(module: &Module, found: &mut Vec<Diagnostic>) {
    let axes = module.axes.iter().map(|a| &a.name);
    let constants = module.constants.iter().map(|c| &c.name);
    twice("an axis or constant", axes.clone().chain(constants), found);
    twice("an axis or struct", axes.chain(module.structs.iter().map(|s| &s.name)), found);
    twice("a function", module.functions.iter().map(|f| &f.name), found);
    for declared in &module.structs {
        twice("a size", declared.generics.iter(), found);
        twice("a field", declared.fields.iter().map(|f| &f.name), found);
    }
    for function in &module.functions {
        let generics = function.generics.iter().chain(function.params.iter().map(|p| &p.name));
        twice("a parameter", generics, found);
    }
}

fn twice<'a>(sort: &str, names: impl Iterator<Item = &'a Ident>, found: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    for name in names {
        if let Some(earlier) = first.get(name.text.as_str()) {
            let text = format!("`{}` is already {sort}", name.text);
            let mistake = Diagnostic::new(Code::SyntaxDuplicate, name.span, text);
            if !found.iter().any(|d| d.code == mistake.code && d.span == mistake.span) {
                found.push(mistake.note(*earlier, "declared here").help("give one of them another name"));
            }
        } else {
            first.insert(&name.text, name.span);
        }
    }
}

/// Functions of the module that call themselves, directly or through others.
fn recursion(program: &Program, module: &Module, found: &mut Vec<Diagnostic>) {
    let home = program.home;
    let calls: Vec<Vec<(usize, Span)>> = module
        .functions
        .iter()
        .map(|function| {
            let mut calls = Vec::new();
            super::visit::block(&function.body, &mut |e| {
                if let ExpressionKind::Call { function, .. } = &e.kind
                    && let Some((m, k)) = program.find_function(home, &function.text)
                    && m == home
                {
                    calls.push((k, function.span));
                }
            });
            calls
        })
        .collect();
    let mut said: BTreeSet<usize> = BTreeSet::new();
    for (start, function) in module.functions.iter().enumerate() {
        if said.contains(&start) {
            continue;
        }
        // The shortest way back, so that the message names every function on it.
        let mut from: BTreeMap<usize, usize> = BTreeMap::new();
        let mut open = std::collections::VecDeque::from([start]);
        while let Some(at) = open.pop_front() {
            let Some((_, span)) = calls[at].iter().find(|(next, _)| *next == start) else {
                for (next, _) in &calls[at] {
                    if *next != start && !from.contains_key(next) {
                        from.insert(*next, at);
                        open.push_back(*next);
                    }
                }
                continue;
            };
            let mut way = vec![at];
            while let Some(before) = from.get(&way[way.len() - 1]) {
                way.push(*before);
            }
            let through: Vec<String> =
                way.iter().rev().skip(1).map(|k| format!("`{}`", module.functions[*k].name.text)).collect();
            said.extend(way.iter().copied());
            let name = &function.name.text;
            let text = if through.is_empty() {
                format!("`{name}` calls itself: functions cannot be recursive")
            } else {
                format!("`{name}` calls itself through {}: functions cannot be recursive", through.join(", "))
            };
            let mistake = Diagnostic::new(Code::CallsRecursion, *span, text).note(function.name.span, "the function");
            found.push(mistake.help("repeat layers with `for block in w.blocks { … }`"));
            break;
        }
    }
}

/// Generics and axes whose sizes no call can determine.
fn signature_names(program: &Program, id: FunctionId, signature: &Signature, found: &mut Vec<Diagnostic>) {
    let function = program.function(id);
    if signature.params.iter().any(Ty::unresolved) {
        // A parameter whose type was rejected might have had the axis.
        return;
    }
    for generic in &function.generics {
        if !signature.bound.contains(&program.symbol(&generic.text)) {
            let text = format!(
                "no parameter of `{}` has an axis that is just `{}`, so a call cannot determine its size",
                function.name.text, generic.text
            );
            let mistake = Diagnostic::new(Code::AxesUnbound, generic.span, text);
            found.push(mistake.help(format!("take it as a number: `{}: usize`", generic.text.to_lowercase())));
        }
    }
    let mut symbols = BTreeSet::new();
    every(&signature.result, &mut symbols);
    symbols.extend(signature.axes.iter().cloned());
    let generics: BTreeSet<String> = function.generics.iter().map(|g| program.symbol(&g.text)).collect();
    for symbol in symbols {
        let known = program.constants.contains_key(&symbol) || signature.bound.contains(&symbol);
        if !known && !generics.contains(&symbol) {
            let axis = symbol.trim_end_matches('\'');
            let text = format!(
                "no parameter of `{}` has an axis that is just `{axis}`, so a call cannot determine its size",
                function.name.text
            );
            let types = std::iter::once(&function.result).chain(function.params.iter().map(|p| &p.ty));
            let span = types.filter_map(|ty| named_in(ty, axis)).next().unwrap_or(function.result.span);
            found.push(Diagnostic::new(Code::AxesUnbound, span, text).help("take a tensor that has the axis"));
        }
    }
}

/// Where a type names a size.
fn named_in(ty: &Type, name: &str) -> Option<Span> {
    fn size(at: &SizeExpr, name: &str) -> Option<Span> {
        match &at.kind {
            SizeKind::Name(found) => (found == name).then_some(at.span),
            SizeKind::Literal(_) => None,
            SizeKind::Add(a, b) | SizeKind::Sub(a, b) | SizeKind::Mul(a, b) => size(a, name).or_else(|| size(b, name)),
        }
    }
    match &ty.kind {
        TypeKind::Tensor(sizes) | TypeKind::Struct(_, sizes) => sizes.iter().find_map(|at| size(at, name)),
        TypeKind::Array(of, count) => size(count, name).or_else(|| named_in(of, name)),
        TypeKind::Optional(of) => named_in(of, name),
        TypeKind::Tuple(parts) => parts.iter().find_map(|part| named_in(part, name)),
        TypeKind::Number | TypeKind::Size | TypeKind::Flag => None,
    }
}

fn unused_params(function: &Function, found: &mut Vec<Diagnostic>) {
    let read = free_names(&function.body, &Pattern::Ignore(Span(0))).read;
    for param in &function.params {
        let name = &param.name.text;
        if !read.contains(name) && !name.starts_with('_') {
            let text = format!("`{}` never reads its parameter `{name}`", function.name.text);
            let mistake = Diagnostic::new(Code::CallsUnused, param.name.span, text);
            found.push(mistake.help(format!("remove it, or rename it to `_{name}` if this is intended")));
        }
    }
}

/// Unread fields of structs whose other fields are read here.
fn unused_fields(
    program: &Program,
    module: &Module,
    reads: &BTreeSet<(StructId, usize)>,
    handed: &BTreeSet<StructId>,
    found: &mut Vec<Diagnostic>,
) {
    for (k, declared) in module.structs.iter().enumerate() {
        let id = (program.home, k);
        let is_read = |field: usize| reads.contains(&(id, field));
        if handed.contains(&id) || !(0..declared.fields.len()).any(is_read) {
            continue;
        }
        for (place, field) in declared.fields.iter().enumerate() {
            if !is_read(place) && !field.name.text.starts_with('_') {
                let text = format!("no function reads `{}` of `{}`", field.name.text, declared.name.text);
                let mistake = Diagnostic::new(Code::ParamsUnused, field.name.span, text);
                let help = "an unused weight is almost certainly a mistake; if not, remove the field";
                found.push(mistake.help(help));
            }
        }
    }
}

fn budget(program: &Program, id: FunctionId, signature: &Signature, budget: &Budget, found: &mut Vec<Diagnostic>) {
    /// Bindings of the machine, not of sizes.
    const PLACES: [&str; 1] = ["threads"];
    let function = program.function(id);
    if let Err(message) = crate::units::parse_bytes(&budget.text) {
        found.push(Diagnostic::new(Code::BudgetSize, budget.span, message));
    }
    let plain = |kind: &TypeKind| matches!(kind, TypeKind::Number | TypeKind::Size | TypeKind::Flag);
    if let Some(param) = function.params.iter().find(|p| plain(&p.ty.kind)) {
        let name = &function.name.text;
        let text =
            format!("`{name}` cannot be planned on its own: its parameter `{}` is not a tensor", param.name.text);
        let mistake = Diagnostic::new(Code::CallsRoot, budget.span, text).note(param.name.span, "the parameter");
        let help = "make it a constant of the module, or promise for a function that gives the value";
        found.push(mistake.help(help));
        return;
    }
    let axes: Vec<&str> = signature.bound.iter().map(|s| s.trim_end_matches('\'')).collect();
    let mut unknown = false;
    for (name, value) in &budget.bindings {
        let wrong = if axes.contains(&name.text.as_str()) {
            (!matches!(value, Literal::Size(_))).then(|| "an axis".to_string())
        } else if let Some(default) = program.constants.get(&name.text) {
            fitting(*default, *value).is_none().then(|| kind(*default).to_string())
        } else if PLACES.contains(&name.text.as_str()) {
            (!matches!(value, Literal::Size(1..))).then(|| "a number of threads".to_string())
        } else {
            let text = format!("`{}` is neither an axis of `{}` nor a constant", name.text, function.name.text);
            let all: Vec<String> =
                axes.iter().map(ToString::to_string).chain(program.constants.keys().cloned()).collect();
            let mut mistake = Diagnostic::new(Code::BudgetName, name.span, text);
            mistake.help = suggest(&name.text, &all);
            found.push(mistake);
            unknown = true;
            continue;
        };
        if let Some(kind) = wrong {
            let text = format!("`{}` is {kind}, but is set to {}", name.text, shown(*value));
            let example = match &*kind {
                "a flag" => "true",
                "a number" => "0.5",
                _ => "384",
            };
            let mistake = Diagnostic::new(Code::BudgetSetting, name.span, text);
            found.push(mistake.help(format!("write it as `{} = {example}`", name.text)));
        }
    }
    let bound = |axis: &str| budget.bindings.iter().any(|(name, _)| name.text == axis);
    let missing: Vec<&str> = axes.into_iter().filter(|axis| !bound(axis)).collect();
    // An unknown name may be a misspelling of the axis.
    if !missing.is_empty() && !unknown {
        let quoted: Vec<String> = missing.iter().map(|axis| format!("`{axis}`")).collect();
        let (name, sizes) = (&function.name.text, if missing.len() == 1 { "size" } else { "sizes" });
        let text = format!("the budget of `{name}` does not give the {sizes} of {}", quoted.join(" and "));
        let bindings: String = missing.iter().map(|axis| format!(", {axis} = 384")).collect();
        let others = if budget.bindings.is_empty() { "" } else { ", …" };
        let help = format!("write `#[budget(\"{}\"{bindings}{others})]`", budget.text);
        found.push(Diagnostic::new(Code::BudgetAxis, budget.span, text).help(help));
    }
}
