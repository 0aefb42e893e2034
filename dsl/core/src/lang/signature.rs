//! Types as written, with their names resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Ident, Literal, SizeExpr, SizeKind, Span, Type, TypeKind};
use super::diagnostic::{Code, Diagnostic};
use super::program::{FunctionId, Program, StructId, suggest};
use super::types::Ty;
use crate::ir::Extent;

/// The scope in which the sizes of a type are resolved.
pub(super) struct Place<'p> {
    /// The module.
    pub(super) module: usize,
    /// The generics in reach.
    pub(super) generics: &'p BTreeMap<String, Extent>,
    /// Whether axes are in reach: in functions, not in parameter structs.
    pub(super) axes: bool,
}

/// A function's types, in its own symbols.
pub(super) struct Signature {
    /// Of each parameter.
    pub(super) params: Vec<Ty>,
    /// Of the result.
    pub(super) result: Ty,
    /// Names of the function's generics and `usize` parameters.
    pub(super) generics: BTreeMap<String, Extent>,
    /// Symbols that a call binds: each is a whole axis somewhere in the parameters' types.
    pub(super) bound: BTreeSet<String>,
    /// Axis symbols that the parameters name.
    pub(super) axes: BTreeSet<String>,
}

impl<'a> Program<'a> {
    /// A function's types; mistakes go into `found`.
    pub(super) fn signature(&self, id: FunctionId, found: &mut Vec<Diagnostic>) -> Signature {
        let function = self.function(id);
        let mut generics: BTreeMap<String, Extent> = BTreeMap::new();
        for generic in &function.generics {
            generics.insert(generic.text.clone(), Extent::symbol(self.symbol(&generic.text)));
        }
        let place = Place { module: id.0, generics: &generics, axes: true };
        let params: Vec<Ty> = function.params.iter().map(|p| self.resolve_type(&place, &p.ty, found)).collect();
        let result = self.resolve_type(&place, &function.result, found);
        let (mut bound, mut axes) = (BTreeSet::new(), BTreeSet::new());
        params.iter().for_each(|ty| bare(ty, &mut bound));
        params.iter().for_each(|ty| every(ty, &mut axes));
        axes.retain(|s| !self.constants.contains_key(s));
        bound.retain(|s| !self.constants.contains_key(s));
        for param in &function.params {
            if param.ty.kind == TypeKind::Size {
                let mut symbol = self.symbol(&param.name.text);
                while bound.contains(&symbol) || generics.contains_key(&symbol) {
                    symbol.push('\'');
                }
                bound.insert(symbol.clone());
                generics.insert(param.name.text.clone(), Extent::symbol(symbol));
            }
        }
        Signature { params, result, generics, bound, axes }
    }

    /// A type with its names resolved; [`Ty::Unknown`] where that fails.
    pub(super) fn resolve_type(&self, place: &Place, ty: &Type, found: &mut Vec<Diagnostic>) -> Ty {
        match &ty.kind {
            TypeKind::Tensor(sizes) => match self.sizes(place, sizes, found) {
                Some(shape) => Ty::Tensor(shape),
                None => Ty::Unknown,
            },
            TypeKind::Struct(name, sizes) => {
                let resolved = self.sizes(place, sizes, found);
                let id = self.named_struct(place.module, name, sizes.len(), found);
                match (id, resolved) {
                    (Some(id), Some(sizes)) => Ty::Struct(id, sizes),
                    _ => Ty::Unknown,
                }
            }
            TypeKind::Array(of, count) => {
                let of = self.resolve_type(place, of, found);
                match self.size(place, count, found) {
                    Some(count) => Ty::Array(Box::new(of), count),
                    None => Ty::Unknown,
                }
            }
            TypeKind::Optional(of) => Ty::Optional(Box::new(self.resolve_type(place, of, found))),
            TypeKind::Tuple(parts) => Ty::Tuple(parts.iter().map(|p| self.resolve_type(place, p, found)).collect()),
            TypeKind::Number => Ty::Number,
            TypeKind::Size => Ty::Size,
            TypeKind::Flag => Ty::Flag,
        }
    }

    fn named_struct(&self, module: usize, name: &Ident, given: usize, found: &mut Vec<Diagnostic>) -> Option<StructId> {
        let Some(id) = self.find_struct(module, &name.text) else {
            let mut names = self.names(module, |m| m.structs.iter().map(|s| &*s.name.text).collect());
            names.extend(["Linear", "LinearNoBias", "LayerNorm"].map(String::from));
            let mut mistake =
                Diagnostic::new(Code::ParamsUnknown, name.span, format!("there is no struct `{}`", name.text));
            mistake.help = suggest(&name.text, &names);
            found.push(mistake);
            return None;
        };
        let declared = self.structure(id);
        if declared.generics.len() != given {
            let takes: Vec<&str> = declared.generics.iter().map(|g| &*g.text).collect();
            let sizes = if takes.len() == 1 { "size" } else { "sizes" };
            let text = format!("`{}` takes {} {sizes}, found {given}", name.text, takes.len());
            let help = if takes.is_empty() {
                format!("write `{}`", name.text)
            } else {
                format!("write `{}<{}>`", name.text, takes.join(", "))
            };
            let mistake = Diagnostic::new(Code::ParamsGenerics, name.span, text).help(help);
            found.push(mistake.place(declared.name.span, "declared here"));
            return None;
        }
        Some(id)
    }

    fn sizes(&self, place: &Place, sizes: &[SizeExpr], found: &mut Vec<Diagnostic>) -> Option<Vec<Extent>> {
        // All are resolved, so that every mistake is reported.
        let resolved: Vec<Option<Extent>> = sizes.iter().map(|s| self.size(place, s, found)).collect();
        resolved.into_iter().collect()
    }

    pub(super) fn size(&self, place: &Place, size: &SizeExpr, found: &mut Vec<Diagnostic>) -> Option<Extent> {
        let mut both = |a: &SizeExpr, b: &SizeExpr| {
            let (a, b) = (self.size(place, a, found), self.size(place, b, found));
            a.zip(b)
        };
        match &size.kind {
            SizeKind::Literal(n) => Some(Extent::literal(*n)),
            SizeKind::Name(name) => match self.size_name(place, name, size.span) {
                Ok(extent) => Some(extent),
                Err(mistake) => {
                    found.push(mistake);
                    None
                }
            },
            SizeKind::Add(a, b) => both(a, b).map(|(a, b)| a + b),
            SizeKind::Sub(a, b) => both(a, b).map(|(a, b)| a - b),
            SizeKind::Mul(a, b) => both(a, b).map(|(a, b)| a * b),
        }
    }

    fn size_name(&self, place: &Place, name: &str, span: Span) -> Result<Extent, Diagnostic> {
        if let Some(extent) = place.generics.get(name) {
            return Ok(extent.clone());
        }
        if let Some(constant) = self.find_constant(place.module, name) {
            return match constant.value {
                Literal::Size(_) => Ok(Extent::symbol(constant.name.text.clone())),
                Literal::Flag(_) | Literal::Number(_) => {
                    let kind = if matches!(constant.value, Literal::Flag(_)) { "a flag" } else { "a number" };
                    let text = format!("`{name}` is {kind}, but a size is needed");
                    Err(Diagnostic::new(Code::AxesSize, span, text).place(constant.name.span, "declared here"))
                }
            };
        }
        if let Some(axis) = self.find_axis(place.module, name) {
            if place.axes {
                return Ok(Extent::symbol(self.symbol(axis)));
            }
            let text = format!("`{name}` is an axis, but the sizes of a parameter must be constant");
            let help = format!("make it a constant, `const {name}: usize = …;`, or a generic of the struct");
            return Err(Diagnostic::new(Code::AxesSize, span, text).help(help));
        }
        let mut names = self.size_names(place.module);
        names.extend(place.generics.keys().cloned());
        let mut mistake = Diagnostic::new(Code::AxesUnknown, span, format!("there is no axis or constant `{name}`"));
        mistake.help = suggest(name, &names);
        Err(mistake)
    }

    /// Axes and `usize` constants that a module sees.
    pub(super) fn size_names(&self, module: usize) -> Vec<String> {
        self.names(module, |m| {
            let axes = m.axes.iter().map(|a| &*a.name.text);
            let sizes = m.constants.iter().filter(|c| matches!(c.value, Literal::Size(_)));
            axes.chain(sizes.map(|c| &*c.name.text)).collect()
        })
    }

    /// The type of a struct's field, its generics bound.
    pub(super) fn field_type(&self, id: StructId, field: usize, sizes: &[Extent]) -> Ty {
        let declared = self.structure(id);
        let generics = declared.generics.iter().map(|g| g.text.clone()).zip(sizes.iter().cloned()).collect();
        let place = Place { module: id.0, generics: &generics, axes: false };
        self.resolve_type(&place, &declared.fields[field].ty, &mut Vec::new())
    }
}

/// Symbols that are a whole extent of a type.
fn bare(ty: &Ty, symbols: &mut BTreeSet<String>) {
    extents(ty, &mut |extent| symbols.extend(extent.as_symbol().map(str::to_string)));
}

/// Every symbol of a type.
pub(super) fn every(ty: &Ty, symbols: &mut BTreeSet<String>) {
    extents(ty, &mut |extent| symbols.extend(extent.symbols().map(str::to_string)));
}

fn extents(ty: &Ty, visit: &mut dyn FnMut(&Extent)) {
    match ty {
        Ty::Tensor(sizes) | Ty::Struct(_, sizes) => sizes.iter().for_each(visit),
        Ty::Array(of, count) => {
            visit(count);
            extents(of, visit);
        }
        Ty::Optional(of) => extents(of, visit),
        Ty::Tuple(parts) => parts.iter().for_each(|p| extents(p, visit)),
        Ty::Number | Ty::Size | Ty::Flag | Ty::List | Ty::Text | Ty::Unknown => {}
    }
}
