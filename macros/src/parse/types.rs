//! Types: tensors, parameters, arrays of them; the sizes within.

use crease_core::lang::Code;
use crease_core::lang::ast::{SizeExpr, SizeKind, Type, TypeKind};
use proc_macro2::Span as Place;
use syn::{BinOp, Expr, GenericArgument, Lit, PathArguments, PathSegment, Stmt};

use super::item::text;
use super::{Reader, start};

const TYPES: &str =
    "types are `Tensor<R, C>`, parameter structs, `[Block; N]`, `Option<…>`, tuples, `f32`, `usize` and `bool`";

impl Reader {
    pub(super) fn ty(&mut self, ty: &syn::Type) -> Type {
        match ty {
            syn::Type::Group(group) => self.ty(&group.elem),
            syn::Type::Paren(paren) => self.ty(&paren.elem),
            syn::Type::Tuple(tuple) => {
                let parts = tuple.elems.iter().map(|part| self.ty(part)).collect();
                self.typed(TypeKind::Tuple(parts), tuple.paren_token.span.join())
            }
            syn::Type::Array(array) => {
                let element = Box::new(self.ty(&array.elem));
                let length = self.size(&array.len);
                let kind = TypeKind::Array(element, length);
                self.typed(kind, array.bracket_token.span.join())
            }
            syn::Type::Path(path) if path.qself.is_none() => self.path_type(&path.path),
            syn::Type::Reference(reference) => {
                let inner = text(&reference.elem);
                self.wrong(
                    Code::SyntaxReference,
                    reference.and_token.span,
                    "tensors are values: there are no references",
                    format!("write `{inner}`"),
                );
                self.ty(&reference.elem)
            }
            other => self.no_type(start(other), &text(other), TYPES),
        }
    }

    fn typed(&mut self, kind: TypeKind, place: Place) -> Type {
        Type { kind, span: self.span(place) }
    }

    fn no_type(&mut self, place: Place, what: &str, help: &str) -> Type {
        self.wrong(Code::SyntaxType, place, format!("`{what}` is not a supported type"), help);
        self.typed(TypeKind::Tuple(Vec::new()), place)
    }

    fn path_type(&mut self, path: &syn::Path) -> Type {
        let Some(last) = path.segments.last() else {
            return self.no_type(start(path), "this", TYPES);
        };
        let name = last.ident.to_string();
        let place = last.ident.span();
        if path.segments.len() > 1 {
            return self.struct_type(path, last);
        }
        let plain = last.arguments.is_none();
        match name.as_str() {
            "Tensor" => {
                let sizes = self.sizes(last);
                self.typed(TypeKind::Tensor(sizes), place)
            }
            "Option" => self.optional(last),
            "f32" if plain => self.typed(TypeKind::Number, place),
            "usize" if plain => self.typed(TypeKind::Size, place),
            "bool" if plain => self.typed(TypeKind::Flag, place),
            "f64" | "f16" | "bf16" => {
                let help =
                    "numbers are `f32`; `#[precision(bf16)]` lets plans keep values between operations in fewer bits";
                self.no_type(place, &name, help)
            }
            "Vec" => self.no_type(place, &name, "layers are an array: `[Block; N_BLOCKS]`"),
            "Axis" => {
                let help = "an axis has a name: declare `type R = Axis;` and write `Tensor<R>`";
                self.no_type(place, &name, help)
            }
            "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" => {
                self.no_type(place, &name, "counts and sizes are `usize`")
            }
            "Self" | "Box" | "String" | "str" | "char" | "Result" => self.no_type(place, &name, TYPES),
            _ => self.struct_type(path, last),
        }
    }

    fn struct_type(&mut self, path: &syn::Path, last: &PathSegment) -> Type {
        let all_but_last = path.segments.len() - 1;
        for segment in path.segments.iter().take(all_but_last) {
            if !segment.arguments.is_none() {
                self.no_type(segment.ident.span(), &text(path), TYPES);
            }
        }
        let sizes = self.sizes(last);
        let mut bare = path.clone();
        for segment in &mut bare.segments {
            segment.arguments = PathArguments::None;
        }
        let name = self.path(&bare);
        Type { span: name.span, kind: TypeKind::Struct(name, sizes) }
    }

    fn optional(&mut self, segment: &PathSegment) -> Type {
        let place = segment.ident.span();
        if let PathArguments::AngleBracketed(arguments) = &segment.arguments
            && let [GenericArgument::Type(inner)] = &arguments.args.iter().collect::<Vec<_>>()[..]
        {
            let inner = Box::new(self.ty(inner));
            return self.typed(TypeKind::Optional(inner), place);
        }
        let help = "write what may be there: `Option<Tensor<C>>`";
        self.no_type(place, &text(segment), help)
    }

    fn sizes(&mut self, segment: &PathSegment) -> Vec<SizeExpr> {
        let arguments = match &segment.arguments {
            PathArguments::None => return Vec::new(),
            PathArguments::AngleBracketed(arguments) => arguments,
            PathArguments::Parenthesized(arguments) => {
                let place = arguments.paren_token.span.open();
                self.no_size(place, "write sizes between `<` and `>`");
                return Vec::new();
            }
        };
        let arguments = arguments.args.iter();
        arguments.map(|argument| self.size_argument(argument)).collect()
    }

    fn size_argument(&mut self, argument: &GenericArgument) -> SizeExpr {
        match argument {
            GenericArgument::Type(syn::Type::Path(path)) if path.qself.is_none() => self.size_name(&path.path),
            GenericArgument::Type(syn::Type::Infer(infer)) => {
                self.no_size(infer.underscore_token.span, "`_` is not a size")
            }
            GenericArgument::Const(expr) => self.size(expr),
            GenericArgument::Lifetime(lifetime) => self.no_size(lifetime.span(), "a lifetime is not a size"),
            other => {
                let message = format!("`{}` is not a size", text(other));
                self.no_size(start(other), &message)
            }
        }
    }

    fn size_name(&mut self, path: &syn::Path) -> SizeExpr {
        if path.segments.iter().any(|part| !part.arguments.is_none()) {
            let message = format!("`{}` is not a size", text(path));
            return self.no_size(start(path), &message);
        }
        let name = self.path(path);
        SizeExpr { kind: SizeKind::Name(name.text), span: name.span }
    }

    /// A size: a name, a number, or `+`, `-`, `*` of sizes.
    pub(super) fn size(&mut self, expr: &Expr) -> SizeExpr {
        match expr {
            Expr::Group(group) => self.size(&group.expr),
            Expr::Paren(paren) => self.size(&paren.expr),
            Expr::Block(block) if block.label.is_none() => match &block.block.stmts[..] {
                [Stmt::Expr(expr, None)] => self.size(expr),
                _ => self.no_size(start(expr), "a size is one expression"),
            },
            Expr::Path(path) if path.qself.is_none() => self.size_name(&path.path),
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(int) => match int.base10_parse() {
                    Ok(size) if matches!(int.suffix(), "" | "usize") => {
                        SizeExpr { kind: SizeKind::Literal(size), span: self.span(int.span()) }
                    }
                    _ => self.no_size(int.span(), &format!("`{int}` is not a size")),
                },
                other => {
                    let message = format!("`{}` is not a size", text(other));
                    self.no_size(start(other), &message)
                }
            },
            Expr::Binary(binary) => {
                let make: fn(_, _) -> SizeKind = match binary.op {
                    BinOp::Add(_) => SizeKind::Add,
                    BinOp::Sub(_) => SizeKind::Sub,
                    BinOp::Mul(_) => SizeKind::Mul,
                    op => {
                        let message = format!("sizes have no `{}`", text(&op));
                        return self.no_size(start(&op), &message);
                    }
                };
                let left = Box::new(self.size(&binary.left));
                let right = Box::new(self.size(&binary.right));
                SizeExpr { kind: make(left, right), span: self.span(start(&binary.op)) }
            }
            other => {
                let message = format!("`{}` is not a size", text(other));
                self.no_size(start(other), &message)
            }
        }
    }

    fn no_size(&mut self, place: Place, message: &str) -> SizeExpr {
        self.wrong(
            Code::SyntaxSize,
            place,
            message,
            "a size is an axis, a constant, a number, or `{ A * B }` with `+`, `-` and `*`",
        );
        SizeExpr { kind: SizeKind::Literal(1), span: self.span(place) }
    }
}
