//! How models use each other: a macro sees only its own tokens, so each exported item is also a hidden
//! `macro_rules!` of the same name that hands its definition on.
//!
//! The importer calls them one after the other; each is given what came before, what is still to be called
//! and the importer's own tokens, puts its definition to the first and calls the next:
//!
//! ```text
//! outgoing! { {} [{ layer_norm } { ::crease::__private::finish }] { mod evoformer { … } } }
//! ```
//! Rust resolves the paths, so re-exports, renames and privacy are its own, and so are the errors about them.

use crease_core::lang::ast::{Ident, Import, Library, Module, Span};
use proc_macro2::{Span as Place, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Item, ItemMod, Path, Visibility};

use crate::parse::{self, Source};
use crate::{check, error};

/// Tokens that call the definitions of everything a module mentions, and end in [`finish`].
pub(crate) fn chain(source: &Source, tokens: TokenStream) -> TokenStream {
    let (mut uses, mut calls) = (Vec::new(), Vec::new());
    let mut seen: Vec<String> = Vec::new();
    for (path, place) in imported(source) {
        // Bound to a name first: Rust says more about an import than about a macro's path.
        let item = path.segments.last().map(|last| parse::plain(&last.ident));
        let mut name = format!("crease_model_definition_of_{}", item.unwrap_or_default());
        let again = seen.iter().filter(|seen| **seen == name).count();
        seen.push(name.clone());
        if again > 0 {
            name.push_str(&format!("_{again}"));
        }
        let name = syn::Ident::new(&name, place);
        let single = path.leading_colon.is_none() && path.segments.len() == 1;
        let here = single.then(|| quote_spanned!(place=> self::));
        uses.push(quote!(#[allow(unused_imports)] use #here #path as #name;));
        calls.push(name.to_token_stream());
    }
    calls.push(quote!(::crease::__private::finish));
    let (first, rest) = (&calls[0], &calls[1..]);
    quote! {
        #(#uses)*
        #first! { {} [#({#rest})*] {#tokens} }
    }
}

/// The paths that name an item of another model, and where to say so: at the `use`, if there is one.
fn imported(source: &Source) -> Vec<(Path, Place)> {
    const RUST: [&str; 6] = ["f32", "f64", "usize", "bool", "std", "core"];
    let imported = source.mentions.iter().filter_map(|path| {
        let place = match path.get_ident() {
            Some(name) => source.uses.iter().find(|used| *used == name)?.span(),
            None => {
                let (first, last) = (path.segments.first()?, path.segments.last()?);
                let is_rust = RUST.iter().any(|word| first.ident == word);
                (!is_rust).then(|| last.ident.span())?
            }
        };
        Some((path.clone(), place))
    });
    imported.collect()
}

/// The end of the chain: every definition is here.
pub(crate) fn finish(input: TokenStream) -> TokenStream {
    let Some((definitions, item)) = received(input) else {
        let message = "`__finish` ends a chain that `#[crease::model]` begins";
        return syn::Error::new(Place::call_site(), message).to_compile_error();
    };
    let mut source = parse::module(&item);
    let mut definition = parse::definition(&item);
    let mut library = Library::default();
    for ((path, place), imported) in imported(&source).into_iter().zip(definitions) {
        let Some(found) = imported.library else {
            // What is wrong stands where it is; nothing can be said here.
            return exports(&item, None);
        };
        let import = |span| Import {
            name: ident(parse::path_text(&path), span),
            module: found.modules.last().map_or_else(String::new, |last| last.id.clone()),
            item: ident(imported.item.clone(), Span::default()),
        };
        let span = source.places.add(place);
        source.module.imports.push(import(span));
        definition.imports.push(import(Span::default()));
        for module in found.modules {
            if library.modules.iter().all(|known: &Module| known.id != module.id) {
                library.modules.push(module);
            }
        }
    }
    definition.id = identity(&definition);
    source.module.id = definition.id.clone();
    let mut exported = library.clone();
    exported.modules.push(definition);
    library.modules.push(source.module);

    let mistakes = check::library(&library);
    if !mistakes.is_empty() {
        let errors = error::compile_errors(&mistakes, &source.places);
        let exports = exports(&item, None);
        return quote!(#errors #exports);
    }
    let json = serde_json::to_string(&exported).unwrap_or_default();
    let exports = exports(&item, Some(&json));
    quote! {
        #[allow(dead_code)]
        const __CREASE_LIBRARY: &str = #json;
        #exports
    }
}

fn ident(text: String, span: Span) -> Ident {
    Ident { text, span }
}

/// A definition as a link of the chain hands it on.
struct Definition {
    /// The item's own name, whatever `use` made of it.
    item: String,
    /// Its module with all that it imports; none if there are mistakes in it.
    library: Option<Library>,
}

/// `{ {outgoing "…"} … } [] { mod name { … } }`
fn received(input: TokenStream) -> Option<(Vec<Definition>, ItemMod)> {
    let mut parts = input.into_iter();
    let mut group = || match parts.next()? {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    };
    let (definitions, _, item) = (group()?, group()?, group()?);
    let definitions = definitions.into_iter().map(|definition| {
        let TokenTree::Group(group) = definition else {
            return None;
        };
        let mut parts = group.stream().into_iter();
        let item: syn::LitStr = syn::parse2(parts.next()?.into()).ok()?;
        let library = parts.next().and_then(|json| {
            let json: syn::LitStr = syn::parse2(json.into()).ok()?;
            serde_json::from_str(&json.value()).ok()
        });
        let item = item.value();
        Some(Definition { item, library })
    });
    Some((definitions.collect::<Option<_>>()?, syn::parse2(item).ok()?))
}

/// A macro for each exported item, under the item's own name. No JSON: there are mistakes in the module.
pub(crate) fn exports(item: &ItemMod, json: Option<&str>) -> TokenStream {
    let mut seen: Vec<String> = Vec::new();
    let module = unique_name(item);
    let items = item.content.iter().flat_map(|(_, items)| items);
    let exports = items.filter_map(exported_name).filter_map(|(visibility, name)| {
        let text = parse::plain(name);
        if seen.contains(&text) {
            return None;
        }
        seen.push(text.clone());
        let link = format_ident!("{module}_{text}", span = Place::call_site());
        Some(quote! {
            #[doc(hidden)]
            #[macro_export]
            macro_rules! #link {
                ({$($before:tt)*} [{$($next:tt)*} $($rest:tt)*] $model:tt) => {
                    $($next)*! { {$($before)* {#text #json}} [$($rest)*] $model }
                };
            }
            #[doc(hidden)]
            #[allow(unused_imports)]
            #visibility use #link as #name;
        })
    });
    exports.collect()
}

fn exported_name(item: &Item) -> Option<(&Visibility, &syn::Ident)> {
    let (visibility, name) = match item {
        Item::Type(item) => (&item.vis, &item.ident),
        Item::Const(item) => (&item.vis, &item.ident),
        Item::Struct(item) => (&item.vis, &item.ident),
        Item::Fn(item) => (&item.vis, &item.sig.ident),
        _ => return None,
    };
    let public = !matches!(visibility, Visibility::Inherited);
    public.then_some((visibility, name))
}

/// A module's name and the hash of its definition: the same definition is the same module, wherever it stands.
fn identity(definition: &Module) -> String {
    let json = serde_json::to_string(definition).unwrap_or_default();
    format!("{}-{:016x}", definition.name, hash(json.bytes()))
}

/// A name for a module's macros: exported macros of a crate share one scope.
fn unique_name(item: &ItemMod) -> String {
    let name = parse::plain(&item.ident);
    let place = if proc_macro::is_available() {
        let place = item.ident.span().unwrap();
        format!("{}:{}:{}", place.file(), place.line(), place.column())
    } else {
        String::new()
    };
    let text = quote!(#item).to_string();
    format!("__crease_{name}_{:016x}", hash(place.bytes().chain(text.bytes())))
}

/// FNV-1a: the same on every machine and with every compiler.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
