//! Checks of a module's parameter structs.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Extent;
use crate::lang::ast::{Ident, Module, Struct, TypeKind};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::program::{Program, StructId};
use crate::lang::signature::Place;
use crate::lang::types::Ty;

/// Structs that contain themselves, in any module; of those that contain each other, the first.
pub(in crate::lang) fn endless(program: &Program) -> Vec<Diagnostic> {
    let (mut found, mut said) = (Vec::new(), BTreeSet::new());
    let all = program.modules.iter().enumerate();
    for start in all.flat_map(|(m, module)| (0..module.structs.len()).map(move |k| (m, k))) {
        if said.contains(&start) {
            continue;
        }
        // Each struct that is reached, with the one that holds it.
        let (mut from, mut open) = (BTreeMap::new(), vec![start]);
        while let Some(id) = open.pop() {
            let fields = &program.structure(id).fields;
            for (field, next) in fields.iter().filter_map(|f| Some((f, inner_struct(program, id.0, &f.ty.kind)?))) {
                if next == start {
                    let mut way: Vec<StructId> = vec![id];
                    while let Some(holder) = from.get(&way[way.len() - 1]) {
                        way.push(*holder);
                    }
                    said.extend(way.iter().copied());
                    let name = |id: &StructId| program.structure(*id).name.text.clone();
                    let through: Vec<String> = way.iter().rev().skip(1).map(|id| format!("`{}`", name(id))).collect();
                    let through =
                        if through.is_empty() { String::new() } else { format!(" through {}", through.join(", ")) };
                    let text = format!("`{}` contains itself{through}: its checkpoint would be infinite", name(&start));
                    let mistake = Diagnostic::new(Code::ParamsRecursive, field.name.span, text);
                    let declared = program.structure(start).name.span;
                    let help = format!("store a fixed number of them where they are used: `[{}; N]`", name(&start));
                    found.push(mistake.place(declared, format!("`{}` declared here", name(&start))).help(help));
                    open.clear();
                    break;
                }
                if next != start && !from.contains_key(&next) {
                    from.insert(next, id);
                    open.push(next);
                }
            }
        }
    }
    found
}

fn inner_struct(program: &Program, module: usize, ty: &TypeKind) -> Option<StructId> {
    match ty {
        TypeKind::Struct(name, _) => program.find_struct(module, &name.text),
        TypeKind::Array(of, _) | TypeKind::Optional(of) => inner_struct(program, module, &of.kind),
        TypeKind::Tensor(_) | TypeKind::Tuple(_) | TypeKind::Number | TypeKind::Size | TypeKind::Flag => None,
    }
}

/// What is wrong with the fields of a module's structs.
pub(super) fn fields(program: &Program, module: &Module, found: &mut Vec<Diagnostic>) {
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
                    format!("field `{}` is {}, but a checkpoint holds only tensors", field.name.text, ty.show(program));
                let mistake = Diagnostic::new(Code::ParamsUnknown, field.ty.span, text);
                found.push(mistake.help("make it a constant of the module, which is a setting"));
            }
        }
        let fields: BTreeSet<&str> = declared.fields.iter().map(|f| &*f.name.text).collect();
        if found.len() > before || fields.len() < declared.fields.len() {
            continue;
        }
        found.extend(collision(program, declared, &Ty::Struct((program.home, k), symbols.collect())));
    }
}

/// Two fields of a struct whose tensors have one checkpoint name.
fn collision(program: &Program, declared: &Struct, ty: &Ty) -> Option<Diagnostic> {
    let Ty::Struct(id, sizes) = ty else { return None };
    let mut names: BTreeMap<String, &Ident> = BTreeMap::new();
    for (k, field) in declared.fields.iter().enumerate() {
        let mut leaves = Vec::new();
        program.leaves(&program.field_type(*id, k, sizes), &field.stored, &mut leaves);
        for leaf in leaves {
            let Some(first) = names.insert(leaf.name.clone(), &field.name) else { continue };
            let (own, other) = (&field.name.text, &first.text);
            let text =
                format!("`{own}` and `{other}` of `{}` are both `{}` in a checkpoint", declared.name.text, leaf.name);
            let mistake = Diagnostic::new(Code::ParamsCollision, field.name.span, text);
            let help = format!("give `{own}` its name in the checkpoint: `#[name = \"…\"]`");
            return Some(mistake.note(first.span, format!("`{other}` declared here")).help(help));
        }
    }
    None
}

fn holds_tensors(ty: &Ty) -> bool {
    match ty {
        Ty::Tensor(_) | Ty::Struct(..) | Ty::Unknown => true,
        Ty::Array(of, _) | Ty::Optional(of) => holds_tensors(of),
        Ty::Tuple(_) | Ty::Number | Ty::Size | Ty::Flag | Ty::List | Ty::Text => false,
    }
}
