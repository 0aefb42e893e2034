//! The items of a module: axes, constants, parameter structs.

use crease_core::lang::Code;
use crease_core::lang::ast::{Constant, Field, Literal, Module, Named, Struct};
use quote::ToTokens;
use syn::{Attribute, Expr, Fields, Item, ItemConst, ItemMod, ItemStruct, ItemType, Lit, Meta};
use syn::{Type, UnOp, Visibility};

use super::{Reader, plain, start};

/// What a model module may hold.
const ITEMS: &str = "a model has `type R = Axis;`, `const N: usize = 1;`, structs of parameters, functions and `use`";

impl Reader {
    pub(super) fn module(&mut self, item: &ItemMod) -> Module {
        let mut module = Module { name: plain(&item.ident), doc: self.doc_only(&item.attrs), ..Module::default() };
        for item in item.content.iter().flat_map(|(_, items)| items) {
            self.item(item, &mut module);
        }
        module
    }

    fn item(&mut self, item: &Item, module: &mut Module) {
        match item {
            Item::Type(item) => self.axis(item, module),
            Item::Const(item) => self.constant(item, module),
            Item::Struct(item) => self.parameters(item, module),
            Item::Fn(item) => {
                let function = self.function(item);
                module.functions.push(function);
            }
            Item::Use(item) => self.use_tree(&item.tree),
            other => {
                let (place, what) = foreign_item(other);
                self.wrong(Code::SyntaxItem, place, format!("{what} is not allowed in a model"), ITEMS);
            }
        }
    }

    fn axis(&mut self, item: &ItemType, module: &mut Module) {
        let doc = self.doc(&item.attrs);
        self.visibility(&item.vis);
        self.no_generics(&item.generics, "an axis");
        let is_axis = matches!(&*item.ty, Type::Path(path) if path.path.is_ident("Axis"));
        if !is_axis {
            self.wrong(
                Code::SyntaxAxis,
                start(&item.ty),
                format!("`type` declares an axis, but `{}` is not `Axis`", text(&item.ty)),
                format!("write `type {} = Axis;` for an axis, or the type itself where it is used", item.ident),
            );
        }
        let name = self.ident(&item.ident);
        module.axes.push(Named { name, doc });
    }

    fn constant(&mut self, item: &ItemConst, module: &mut Module) {
        let doc = self.doc(&item.attrs);
        self.visibility(&item.vis);
        self.no_generics(&item.generics, "a constant");
        let name = self.ident(&item.ident);
        let value = self.constant_value(item);
        module.constants.push(Constant { name, doc, value });
    }

    fn constant_value(&mut self, item: &ItemConst) -> Literal {
        let ty = text(&item.ty);
        if !matches!(ty.as_str(), "usize" | "bool" | "f32") {
            self.wrong(
                Code::SyntaxConstant,
                start(&item.ty),
                format!("a constant cannot be `{ty}`"),
                "constants are `usize` (a width or a count), `bool` (a flag) or `f32` (a number)",
            );
            return Literal::Flag(false);
        }
        let value = self.literal(&item.expr);
        match (ty.as_str(), value) {
            ("usize", Some(Literal::Size(_)))
            | ("bool", Some(Literal::Flag(_)))
            | ("f32", Some(Literal::Number(_))) => {}
            ("f32", Some(Literal::Size(size))) => self.wrong(
                Code::SyntaxConstant,
                start(&item.expr),
                format!("`{}` is an `f32`, but `{size}` is an integer", item.ident),
                format!("write `{size}.0`"),
            ),
            (_, Some(_)) => self.wrong(
                Code::SyntaxConstant,
                start(&item.expr),
                format!("`{}` is a `{ty}`, but `{}` is not", item.ident, text(&item.expr)),
                "write a value of this type, or change the type",
            ),
            (_, None) => self.wrong(
                Code::SyntaxConstant,
                start(&item.expr),
                format!("the value of `{}` must be a single number or flag", item.ident),
                "write the number itself: a constant is a setting with a default, not a formula",
            ),
        }
        value.unwrap_or(Literal::Flag(false))
    }

    /// A number or flag, `-` allowed before an `f32`. None for anything else.
    pub(super) fn literal(&mut self, expr: &Expr) -> Option<Literal> {
        match expr {
            Expr::Group(group) => self.literal(&group.expr),
            Expr::Paren(paren) => self.literal(&paren.expr),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match self.literal(&unary.expr)? {
                Literal::Number(number) => Some(Literal::Number(-number)),
                _ => None,
            },
            Expr::Lit(literal) => match &literal.lit {
                Lit::Bool(flag) => Some(Literal::Flag(flag.value)),
                Lit::Int(int) if matches!(int.suffix(), "" | "usize") => int.base10_parse().ok().map(Literal::Size),
                Lit::Float(float) if matches!(float.suffix(), "" | "f32") => {
                    float.base10_parse().ok().map(Literal::Number)
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn parameters(&mut self, item: &ItemStruct, module: &mut Module) {
        let doc = self.doc(&item.attrs);
        self.visibility(&item.vis);
        let name = self.ident(&item.ident);
        let generics = self.generics(&item.generics);
        let mut fields = Vec::new();
        match &item.fields {
            Fields::Named(named) => {
                for field in &named.named {
                    fields.extend(self.field(field));
                }
            }
            Fields::Unit | Fields::Unnamed(_) => self.wrong(
                Code::ParamsStruct,
                item.ident.span(),
                format!("the fields of `{}` have no names", item.ident),
                "write `struct Name { weight: Tensor<O, I> }`: field names are checkpoint names",
            ),
        }
        module.structs.push(Struct { name, doc, generics, fields });
    }

    fn field(&mut self, field: &syn::Field) -> Option<Field> {
        let ident = field.ident.as_ref()?;
        let mut stored = plain(ident);
        for attribute in &field.attrs {
            if attribute.path().is_ident("name") {
                if let Some(name) = self.stored_name(attribute) {
                    stored = name;
                }
            } else if !is_doc(attribute) {
                self.unknown_attribute(attribute, "a field has `#[name = \"…\"]` only");
            }
        }
        self.visibility(&field.vis);
        Some(Field { name: self.ident(ident), stored, ty: self.ty(&field.ty) })
    }

    /// `#[name = "self"]`
    fn stored_name(&mut self, attribute: &Attribute) -> Option<String> {
        if let Meta::NameValue(pair) = &attribute.meta
            && let Expr::Lit(literal) = &pair.value
            && let Lit::Str(name) = &literal.lit
        {
            let name = name.value();
            if name.split('.').all(|part| !part.is_empty() && !part.contains([' ', '{', '}'])) {
                return Some(name);
            }
            self.wrong(
                Code::ParamsName,
                start(&pair.value),
                format!("`{name}` is not a valid name in a checkpoint"),
                "write names with dots between them, as in `fn.0`, and no spaces",
            );
            return None;
        }
        self.wrong(
            Code::ParamsName,
            start(attribute.path()),
            "`#[name]` gives the field's name in checkpoints",
            "write `#[name = \"self\"]`",
        );
        None
    }

    /// Documentation; every other attribute is reported.
    fn doc(&mut self, attributes: &[Attribute]) -> String {
        for attribute in attributes {
            if !is_doc(attribute) {
                let help =
                    "only documentation is allowed here; `#[budget]` belongs on a function, `#[name]` on a field";
                self.unknown_attribute(attribute, help);
            }
        }
        self.doc_only(attributes)
    }

    /// Documentation, ignoring other attributes.
    pub(super) fn doc_only(&mut self, attributes: &[Attribute]) -> String {
        let lines = attributes.iter().filter_map(doc_line);
        lines.collect::<Vec<String>>().join("\n")
    }

    pub(super) fn unknown_attribute(&mut self, attribute: &Attribute, help: &str) {
        self.wrong(
            Code::SyntaxAttribute,
            start(attribute.path()),
            format!("`{}` is not allowed here", text(attribute.path())),
            help,
        );
    }

    /// Visibility: private to the module or `pub`.
    pub(super) fn visibility(&mut self, visibility: &Visibility) {
        if let Visibility::Restricted(restricted) = visibility {
            self.wrong(
                Code::SyntaxVisibility,
                restricted.pub_token.span,
                format!("`{}` is not supported", text(visibility)),
                "write `pub`, or nothing",
            );
        }
    }
}

/// Documentation, or formatting's own hints.
pub(super) fn is_doc(attribute: &Attribute) -> bool {
    let tool = attribute.path().segments.first();
    attribute.path().is_ident("doc") || tool.is_some_and(|tool| tool.ident == "rustfmt")
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        Expr::Lit(literal) if pair.path.is_ident("doc") => match &literal.lit {
            Lit::Str(line) => {
                let line = line.value();
                Some(line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
            }
            _ => None,
        },
        _ => None,
    }
}

/// An unsupported item, and the token to report it on.
fn foreign_item(item: &Item) -> (proc_macro2::Span, &'static str) {
    match item {
        Item::Enum(item) => (item.enum_token.span, "an enum"),
        Item::ExternCrate(item) => (item.extern_token.span, "`extern crate`"),
        Item::ForeignMod(item) => (item.abi.extern_token.span, "an `extern` block"),
        Item::Impl(item) => (item.impl_token.span, "an `impl`"),
        Item::Macro(item) => (start(&item.mac.path), "a macro"),
        Item::Mod(item) => (item.mod_token.span, "a module"),
        Item::Static(item) => (item.static_token.span, "a static"),
        Item::Trait(item) => (item.trait_token.span, "a trait"),
        Item::TraitAlias(item) => (item.trait_token.span, "a trait alias"),
        Item::Union(item) => (item.union_token.span, "a union"),
        other => (start(other), "this"),
    }
}

/// Tokens roughly as a person writes them: without superfluous spaces.
pub(super) fn text(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    let spaced = tokens.to_token_stream().to_string();
    let mut letters = spaced.chars().peekable();
    while let Some(letter) = letters.next() {
        let before = text.chars().next_back().unwrap_or('(');
        let after = letters.peek().copied().unwrap_or(')');
        let ends = before.is_alphanumeric() || matches!(before, ')' | ']' | '>' | '_');
        let tight = matches!(before, '(' | '[' | '<' | '&' | '.' | ':' | '!')
            || matches!(after, ')' | ']' | '>' | ',' | ';' | '.' | ':' | '?' | '!')
            || (ends && matches!(after, '(' | '[' | '<'))
            || matches!(text.as_str(), "-" | "*");
        if letter != ' ' || !tight {
            text.push(letter);
        }
    }
    text.replace("= >", "=>").replace("- >", "->")
}
