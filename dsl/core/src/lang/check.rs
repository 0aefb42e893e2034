//! What is wrong with a module, function by function and as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Budget, ExpressionKind, Function, Ident, Library, Literal, Module, Pattern, Span, TypeKind};
use super::diagnostic::{Code, Diagnostic};
use super::elaborate::{Elaborator, Mode, Ty, free_names};
use super::program::{FunctionId, Program, StructId, suggest};
use super::settings::{Options, fitting, kind, shown};
use super::types::{Place, Signature, every};
use crate::ir::Extent;

/// Everything that is wrong with the last module of a library: every function, both branches of every flag.
pub fn check(library: &Library) -> Vec<Diagnostic> {
    let Some(program) = Program::new(library) else { return Vec::new() };
    let module = program.modules[program.home];
    let mut found = Vec::new();
    imports(&program, module, &mut found);
    duplicates(module, &mut found);
    let endless = endless_structs(&program);
    if !endless.is_empty() {
        // Nothing that walks through these structs would come to an end.
        found.extend(endless);
        return found;
    }
    structs(&program, module, &mut found);
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
                found.push(mistake.note(*earlier, "declared here"));
            }
        } else {
            first.insert(&name.text, name.span);
        }
    }
}

/// Structs that contain themselves, in any module.
pub(super) fn endless_structs(program: &Program) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (m, module) in program.modules.iter().enumerate() {
        for (k, declared) in module.structs.iter().enumerate() {
            let (mut seen, mut open) = (BTreeSet::new(), vec![(m, k)]);
            while let Some(id) = open.pop() {
                let inner = program.structure(id).fields.iter().filter_map(|f| inner_struct(program, id.0, &f.ty.kind));
                for next in inner {
                    if next == (m, k) {
                        let text = format!("`{}` contains itself: a checkpoint for it never ends", declared.name.text);
                        found.push(Diagnostic::new(Code::ParamsRecursive, declared.name.span, text));
                        open.clear();
                        break;
                    }
                    if seen.insert(next) {
                        open.push(next);
                    }
                }
            }
        }
    }
    found.dedup();
    found
}

fn inner_struct(program: &Program, module: usize, ty: &TypeKind) -> Option<StructId> {
    match ty {
        TypeKind::Struct(name, _) => program.find_struct(module, &name.text),
        TypeKind::Array(of, _) | TypeKind::Optional(of) => inner_struct(program, module, &of.kind),
        TypeKind::Tensor(_) | TypeKind::Tuple(_) | TypeKind::Number | TypeKind::Size | TypeKind::Flag => None,
    }
}

fn structs(program: &Program, module: &Module, found: &mut Vec<Diagnostic>) {
    for (k, declared) in module.structs.iter().enumerate() {
        let symbols = declared.generics.iter().map(|g| Extent::symbol(program.symbol(&g.text)));
        let generics: BTreeMap<String, Extent> =
            declared.generics.iter().map(|g| g.text.clone()).zip(symbols.clone()).collect();
        let place = Place { module: program.home, generics: &generics, axes: false };
        let before = found.len();
        for field in &declared.fields {
            let ty = program.resolve_type(&place, &field.ty, found);
            if !holds_tensors(&ty) {
                let text =
                    format!("field `{}` is {}, and a checkpoint holds tensors", field.name.text, ty.show(program));
                let mistake = Diagnostic::new(Code::ParamsUnknown, field.ty.span, text);
                found.push(mistake.help("make it a constant of the module, which is a setting"));
            }
        }
        let fields: BTreeSet<&str> = declared.fields.iter().map(|f| &*f.name.text).collect();
        if found.len() > before || fields.len() < declared.fields.len() {
            continue;
        }
        let mut leaves = Vec::new();
        program.leaves(&Ty::Struct((program.home, k), symbols.collect()), "", &mut leaves);
        let mut names = BTreeSet::new();
        if let Some(leaf) = leaves.iter().find(|leaf| !names.insert(&leaf.name)) {
            let text = format!("two tensors of `{}` have the checkpoint name `{}`", declared.name.text, leaf.name);
            found.push(Diagnostic::new(Code::ParamsCollision, declared.name.span, text));
        }
    }
}

fn holds_tensors(ty: &Ty) -> bool {
    match ty {
        Ty::Tensor(_) | Ty::Struct(..) | Ty::Unknown => true,
        Ty::Array(of, _) | Ty::Optional(of) => holds_tensors(of),
        Ty::Tuple(_) | Ty::Number | Ty::Size | Ty::Flag | Ty::List | Ty::Text => false,
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
                format!("`{name}` calls itself: there is no end to it")
            } else {
                format!("`{name}` calls itself through {}: there is no end to it", through.join(", "))
            };
            let mistake = Diagnostic::new(Code::CallsRecursion, *span, text).note(function.name.span, "the function");
            found.push(mistake.help("repeat layers with `for block in w.blocks { … }`"));
            break;
        }
    }
}

/// Generics and axes that no call could bind.
fn signature_names(program: &Program, id: FunctionId, signature: &Signature, found: &mut Vec<Diagnostic>) {
    let function = program.function(id);
    for generic in &function.generics {
        if !signature.bound.contains(&program.symbol(&generic.text)) {
            let text = format!(
                "no parameter of `{}` names `{}` by itself, so no call gives it",
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
                "no parameter of `{}` has the axis `{axis}` by itself, so no call gives it",
                function.name.text
            );
            let mistake = Diagnostic::new(Code::AxesUnbound, function.result.span, text);
            found.push(mistake.note(function.name.span, "the function").help("take a tensor that has the axis"));
        }
    }
}

fn unused_params(function: &Function, found: &mut Vec<Diagnostic>) {
    let read = free_names(&function.body, &Pattern::Ignore(Span(0))).read;
    for param in &function.params {
        let name = &param.name.text;
        if !read.contains(name) && !name.starts_with('_') {
            let text = format!("`{}` never reads its parameter `{name}`", function.name.text);
            let mistake = Diagnostic::new(Code::CallsUnused, param.name.span, text);
            found.push(mistake.help(format!("leave it out, or call it `_{name}` if that is meant")));
        }
    }
}

/// Fields that nobody reads, of structs whose other fields are read here.
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
                let help = "a checkpoint's weight left unused is surely a mistake; if not, leave the field out";
                found.push(mistake.help(help));
            }
        }
    }
}

fn budget(program: &Program, id: FunctionId, signature: &Signature, budget: &Budget, found: &mut Vec<Diagnostic>) {
    /// Bindings that say where the promise holds, not for which sizes.
    const PLACES: [&str; 1] = ["threads"];
    let function = program.function(id);
    if let Err(message) = crate::units::parse_bytes(&budget.text) {
        found.push(Diagnostic::new(Code::BudgetSize, budget.span, message));
    }
    let plain = |kind: &TypeKind| matches!(kind, TypeKind::Number | TypeKind::Size | TypeKind::Flag);
    if let Some(param) = function.params.iter().find(|p| plain(&p.ty.kind)) {
        let name = &function.name.text;
        let text = format!("`{name}` cannot be planned by itself: its parameter `{}` is no tensor", param.name.text);
        found.push(Diagnostic::new(Code::CallsRoot, budget.span, text).note(param.name.span, "the parameter"));
        return;
    }
    let axes: Vec<&str> = signature.bound.iter().map(|s| s.trim_end_matches('\'')).collect();
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
            continue;
        };
        if let Some(kind) = wrong {
            let text = format!("`{}` is {kind} and is bound to {}", name.text, shown(*value));
            found.push(Diagnostic::new(Code::BudgetSetting, name.span, text));
        }
    }
    for axis in axes {
        if budget.bindings.iter().all(|(name, _)| name.text != axis) {
            let text = format!("the budget of `{}` does not say how large `{axis}` is", function.name.text);
            let mistake = Diagnostic::new(Code::BudgetAxis, budget.span, text);
            found.push(mistake.help(format!("write `#[budget(\"{}\", {axis} = 384, …)]`", budget.text)));
        }
    }
}
