//! Functions: their signature, and what is not allowed in one.

use crease_core::lang::Code;
use crease_core::lang::ast::{Function, Ident, Param, Type, TypeKind};
use syn::{FnArg, GenericParam, Generics, ItemFn, Pat, PatType, ReturnType, Safety, Signature};

use super::item::{is_doc, text};
use super::{Reader, start};

impl Reader {
    pub(super) fn function(&mut self, item: &ItemFn) -> Function {
        let signature = &item.sig;
        let public = !matches!(item.vis, syn::Visibility::Inherited);
        let (mut budgets, mut precision) = (Vec::new(), None);
        for attribute in &item.attrs {
            if attribute.path().is_ident("budget") {
                budgets.extend(self.budget(attribute, &signature.ident, public));
            } else if attribute.path().is_ident("precision") {
                self.precision(attribute, &signature.ident, public, &mut precision);
            } else if !is_doc(attribute) {
                self.unknown_attribute(
                    attribute,
                    "a function has `#[budget(\"2 GiB\", …)]` and `#[precision(bf16)]` only",
                );
            }
        }
        let precision = precision.unwrap_or_default();
        let doc = self.doc_only(&item.attrs);
        self.visibility(&item.vis);
        self.qualifiers(signature);
        let name = self.ident(&signature.ident);
        let generics = self.generics(&signature.generics);
        let params = signature.inputs.iter();
        let params = params.filter_map(|input| self.param(input)).collect();
        let result = match &signature.output {
            ReturnType::Default => Type { kind: TypeKind::Tuple(Vec::new()), span: name.span },
            ReturnType::Type(_, ty) => self.ty(ty),
        };
        let body = self.function_body(&item.block);
        Function { name, doc, public, generics, params, result, body, budgets, precision }
    }

    fn qualifiers(&mut self, signature: &Signature) {
        let mut refuse = |place, word: &str| {
            self.wrong(
                Code::SyntaxFunction,
                place,
                format!("a model's function cannot be `{word}`"),
                format!("write `fn {}`", signature.ident),
            );
        };
        if let Some(token) = &signature.constness {
            refuse(token.span, "const");
        }
        if let Some(token) = &signature.asyncness {
            refuse(token.span, "async");
        }
        match &signature.safety {
            Safety::Unsafe(token) => refuse(token.span, "unsafe"),
            Safety::Safe(token) => refuse(token.span, "safe"),
            Safety::Default => {}
        }
        if let Some(abi) = &signature.abi {
            refuse(abi.extern_token.span, "extern");
        }
        if let Some(variadic) = &signature.variadic {
            refuse(variadic.dots.spans[0], "variadic");
        }
    }

    fn param(&mut self, input: &FnArg) -> Option<Param> {
        match input {
            FnArg::Receiver(receiver) => {
                self.wrong(
                    Code::SyntaxParameter,
                    receiver.self_token.span,
                    "a model's function has no `self`",
                    "take the parameters as an argument: `w: Outgoing`",
                );
                None
            }
            FnArg::Typed(typed) => self.typed_param(typed),
        }
    }

    fn typed_param(&mut self, typed: &PatType) -> Option<Param> {
        for attribute in &typed.attrs {
            self.unknown_attribute(attribute, "an argument has no attributes");
        }
        let ty = self.ty(&typed.ty);
        match &*typed.pat {
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                Some(Param { name: self.ident(&name.ident), mutable: name.mutability.is_some(), ty })
            }
            pattern => {
                self.wrong(
                    Code::SyntaxParameter,
                    start(pattern),
                    format!("an argument must be a name, but `{}` is a pattern", text(pattern)),
                    "name it here, and destructure it with `let` in the body",
                );
                None
            }
        }
    }

    /// `<const I: usize, const O: usize>`
    pub(super) fn generics(&mut self, generics: &Generics) -> Vec<Ident> {
        let mut names = Vec::new();
        for param in &generics.params {
            match param {
                GenericParam::Lifetime(lifetime) => self.wrong(
                    Code::SyntaxGenerics,
                    lifetime.lifetime.span(),
                    format!("lifetime `{}` is not allowed: tensors are values", lifetime.lifetime),
                    "leave it out: the plan decides where tensors are stored",
                ),
                GenericParam::Type(ty) => self.wrong(
                    Code::SyntaxGenerics,
                    ty.ident.span(),
                    format!("`{}` is a type, but only sizes can be generic", ty.ident),
                    format!("write `const {}: usize` if it is a size", ty.ident),
                ),
                GenericParam::Const(size) => {
                    if text(&size.ty) != "usize" {
                        self.wrong(
                            Code::SyntaxGenerics,
                            start(&size.ty),
                            format!("`{}` is a size, so it must be a `usize`", size.ident),
                            format!("write `const {}: usize`", size.ident),
                        );
                    }
                    if let Some((_, default)) = &size.default {
                        self.wrong(
                            Code::SyntaxGenerics,
                            start(default),
                            "a generic size has no default",
                            "declare a constant, and name it where the size is needed",
                        );
                    }
                    names.push(self.ident(&size.ident));
                }
            }
        }
        self.no_where(generics);
        names
    }

    /// Refuses generics on an item that has none.
    pub(super) fn no_generics(&mut self, generics: &Generics, what: &str) {
        if let Some(first) = generics.params.first() {
            self.wrong(
                Code::SyntaxGenerics,
                start(first),
                format!("{what} has no generics"),
                "only structs and functions have `const` generics",
            );
        }
        self.no_where(generics);
    }

    fn no_where(&mut self, generics: &Generics) {
        if let Some(clause) = &generics.where_clause {
            self.wrong(
                Code::SyntaxGenerics,
                clause.where_token.span,
                "a model has no `where` clauses",
                "leave it out: sizes are compared where they are used",
            );
        }
    }
}
