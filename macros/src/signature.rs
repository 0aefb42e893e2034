//! Signatures as text, for documentation: the Rust signature of a model's function does not show its tensors.

use crease_core::lang::ast::{Constant, Function, Ident, Literal, SizeExpr, SizeKind, Struct, Type, TypeKind};

/// `fn outgoing(z: Tensor<R, R, C_Z>) -> Tensor<R, R, C_Z>`, one line per argument if there are many.
pub(crate) fn function(function: &Function) -> String {
    let params = function.params.iter();
    let params = params.map(|param| format!("{}: {}", param.name.text, ty(&param.ty)));
    let params: Vec<String> = params.collect();
    let name = format!("fn {}{}", function.name.text, generics(&function.generics));
    let result = match &function.result.kind {
        TypeKind::Tuple(parts) if parts.is_empty() => String::new(),
        _ => format!(" -> {}", ty(&function.result)),
    };
    let line = format!("{name}({}){result}", params.join(", "));
    if line.len() <= 100 {
        return line;
    }
    format!("{name}(\n    {},\n){result}", params.join(",\n    "))
}

/// A struct with its fields, and their names in checkpoints where they differ.
pub(crate) fn parameters(parameters: &Struct) -> String {
    let name = format!("struct {}{}", parameters.name.text, generics(&parameters.generics));
    if parameters.fields.is_empty() {
        return format!("{name} {{}}");
    }
    let fields = parameters.fields.iter().map(|field| {
        let line = format!("    {}: {},", field.name.text, ty(&field.ty));
        if field.stored == field.name.text { line } else { format!("{line} // `{}` in checkpoints", field.stored) }
    });
    format!("{name} {{\n{}\n}}", fields.collect::<Vec<_>>().join("\n"))
}

/// `128`
pub(crate) fn value(constant: &Constant) -> String {
    match constant.value {
        Literal::Size(size) => size.to_string(),
        Literal::Flag(flag) => flag.to_string(),
        Literal::Number(number) => format!("{number:?}"),
    }
}

fn generics(names: &[Ident]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names = names.iter().map(|name| format!("const {}: usize", name.text));
    format!("<{}>", names.collect::<Vec<_>>().join(", "))
}

fn ty(ty: &Type) -> String {
    match &ty.kind {
        TypeKind::Tensor(axes) => format!("Tensor{}", sizes(axes)),
        TypeKind::Struct(name, arguments) => format!("{}{}", name.text, sizes(arguments)),
        TypeKind::Array(element, length) => format!("[{}; {}]", self::ty(element), size(length)),
        TypeKind::Optional(inner) => format!("Option<{}>", self::ty(inner)),
        TypeKind::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(self::ty).collect();
            format!("({})", parts.join(", "))
        }
        TypeKind::Number => "f32".to_owned(),
        TypeKind::Size => "usize".to_owned(),
        TypeKind::Flag => "bool".to_owned(),
    }
}

fn sizes(sizes: &[SizeExpr]) -> String {
    if sizes.is_empty() {
        return String::new();
    }
    let sizes = sizes.iter().map(|argument| match &argument.kind {
        SizeKind::Name(_) | SizeKind::Literal(_) => size(argument),
        _ => format!("{{ {} }}", size(argument)),
    });
    format!("<{}>", sizes.collect::<Vec<_>>().join(", "))
}

fn size(size: &SizeExpr) -> String {
    match &size.kind {
        SizeKind::Name(name) => name.clone(),
        SizeKind::Literal(number) => number.to_string(),
        SizeKind::Add(left, right) => format!("{} + {}", self::size(left), self::size(right)),
        SizeKind::Sub(left, right) => format!("{} - {}", self::size(left), factor(right)),
        SizeKind::Mul(left, right) => format!("{} * {}", factor(left), factor(right)),
    }
}

fn factor(operand: &SizeExpr) -> String {
    match &operand.kind {
        SizeKind::Add(..) | SizeKind::Sub(..) => format!("({})", size(operand)),
        _ => size(operand),
    }
}
