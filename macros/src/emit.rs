//! The Rust code for a model's module: its `use`s, and an item for each of its names, so that paths,
//! documentation and go-to-definition work. Bodies are not emitted: they are not valid Rust.

use crease_core::lang::Code;
use crease_core::lang::ast::Literal;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{AttrStyle, Item, ItemMod};

use crate::parse::{self, Source};
use crate::{error, link, signature};

/// `#[crease::model]`
pub(crate) fn model(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    let item = match syn::parse2::<Item>(tokens.clone()) {
        Ok(Item::Mod(item)) if item.content.is_some() => item,
        Ok(Item::Mod(item)) => {
            let message = "an attribute cannot read a module in another file";
            let help = format!("write the model here: `mod {} {{ … }}`", item.ident);
            return refuse(item.ident.span(), message, &help);
        }
        Err(error) if tokens.to_string().contains("mod ") => {
            let message = format!("cannot be parsed as Rust: {error}");
            return refuse(error.span(), &message, "correct the syntax first");
        }
        _ => {
            let place = tokens.clone().into_iter().next();
            let place = place.map_or_else(Span::call_site, |token| token.span());
            let message = "`#[crease::model]` belongs on a module";
            let error = refuse(place, message, "write `#[crease::model] mod name { … }`");
            return quote!(#error #tokens);
        }
    };
    let mut source = parse::module(&item);
    if let Some(first) = arguments.into_iter().next() {
        let message = "`#[crease::model]` takes no arguments";
        let help = "write `#[crease::model]`; a memory budget belongs on a function: `#[budget(\"2 GiB\", …)]`";
        source.wrong(Code::SyntaxArguments, first.span(), message, help);
    }
    expand(&item, &source, tokens)
}

fn refuse(place: Span, message: &str, help: &str) -> TokenStream {
    let code = Code::SyntaxModule.text();
    syn::Error::new(place, format!("[{code}] {message}\n\nhelp: {help}")).to_compile_error()
}

fn expand(item: &ItemMod, source: &Source, tokens: TokenStream) -> TokenStream {
    let (name, visibility, mod_token) = (&item.ident, &item.vis, &item.mod_token);
    let is_outer = |attribute: &&syn::Attribute| matches!(attribute.style, AttrStyle::Outer);
    let (outer, inner): (Vec<_>, Vec<_>) = item.attrs.iter().partition(is_outer);
    let items = || item.content.iter().flat_map(|(_, items)| items);
    let uses = items().filter(|item| matches!(item, Item::Use(_)));
    let stubs = stubs(item, source);
    let broken = !source.mistakes.is_empty();
    let (errors, definitions) = if broken {
        let errors = error::compile_errors(&source.mistakes, &source.places);
        (errors, link::exports(item, None))
    } else {
        (TokenStream::new(), link::chain(source, tokens))
    };
    // Nothing is called in a module with mistakes, so its imports would seem unused.
    let unused = broken.then(|| quote!(#[allow(unused_imports)]));
    quote! {
        #errors
        #(#outer)*
        #visibility #mod_token #name {
            #(#inner)*
            #( #unused #uses )*
            #[allow(unused_imports)]
            use ::crease::__private::no_library::*;
            #stubs
            #definitions
        }
    }
}

/// A Rust item for each name of the module.
fn stubs(item: &ItemMod, source: &Source) -> TokenStream {
    let items = item.content.iter().flat_map(|(_, items)| items);
    let module = &source.module;
    let (mut axes, mut constants) = (module.axes.iter(), module.constants.iter());
    let (mut structs, mut functions) = (module.structs.iter(), module.functions.iter());
    let mut stubs = TokenStream::new();
    let mut seen: Vec<String> = Vec::new();
    for item in items {
        let (visibility, name, doc, stub) = match item {
            Item::Type(item) => {
                let Some(axis) = axes.next() else { continue };
                let doc = document(&axis.doc, &format!("type {} = Axis", axis.name.text));
                (&item.vis, &item.ident, doc, Stub::Type)
            }
            Item::Const(item) => {
                let Some(constant) = constants.next() else { continue };
                let text = signature::value(constant);
                let ty = &item.ty;
                let doc = document(
                    &constant.doc,
                    &format!("const {}: {} = {text}", constant.name.text, ty.to_token_stream()),
                );
                (&item.vis, &item.ident, doc, Stub::Constant(constant.value))
            }
            Item::Struct(item) => {
                let Some(parameters) = structs.next() else { continue };
                let doc = document(&parameters.doc, &signature::parameters(parameters));
                (&item.vis, &item.ident, doc, Stub::Type)
            }
            Item::Fn(item) => {
                let Some(function) = functions.next() else { continue };
                let doc = document(&function.doc, &signature::function(function));
                (&item.vis, &item.sig.ident, doc, Stub::Function)
            }
            _ => continue,
        };
        // The language reports a name declared twice; Rust need not report it again.
        let declared = format!("{} {name}", if matches!(stub, Stub::Type) { "type" } else { "value" });
        if !seen.contains(&declared) {
            seen.push(declared);
            stubs.extend(stub.emit(visibility, name, &doc));
        }
    }
    stubs
}

/// What the user wrote, and the item as the language sees it.
fn document(doc: &str, signature: &str) -> String {
    let gap = if doc.is_empty() { "" } else { "\n\n" };
    format!("{doc}{gap}```text\n{signature}\n```")
}

/// How a name of a model is declared in Rust.
enum Stub {
    /// An axis or a struct: a type of no use but to be named.
    Type,
    /// A constant, with its default.
    Constant(Literal),
    /// A function that returns the model.
    Function,
}

impl Stub {
    fn emit(&self, visibility: &syn::Visibility, name: &syn::Ident, doc: &str) -> TokenStream {
        // Rust's notes about the item (`private`, `defined here`) then point at its name.
        let place = name.span();
        let item = match self {
            Stub::Type => quote_spanned!(place=> #visibility struct #name { _declared: () }),
            Stub::Constant(value) => {
                let (ty, value) = rust_value(*value);
                quote_spanned!(place=> #visibility const #name: #ty = #value;)
            }
            Stub::Function => {
                let text = parse::plain(name);
                let model = quote!(::crease::__private::Model);
                let body = quote!(#model::new(__CREASE_LIBRARY, #text).promising(__CREASE_PROMISES));
                quote_spanned!(place=> #[must_use] #visibility fn #name() -> #model { #body })
            }
        };
        quote! {
            #[doc = #doc]
            #[allow(dead_code, unreachable_pub, missing_debug_implementations, missing_copy_implementations)]
            #item
        }
    }
}

fn rust_value(value: Literal) -> (TokenStream, TokenStream) {
    match value {
        Literal::Size(size) => {
            let size = proc_macro2::Literal::u64_unsuffixed(size);
            (quote!(usize), quote!(#size))
        }
        Literal::Flag(flag) => (quote!(bool), quote!(#flag)),
        Literal::Number(number) => {
            let text = format!("{number:?}_f32");
            (quote!(f32), text.parse().unwrap_or_default())
        }
    }
}
