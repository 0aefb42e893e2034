//! How models import each other: a macro sees only its own tokens, so each exported item is also a hidden
//! `macro_rules!` of the same name that passes its definition on.
//!
//! The importer calls them one after the other; each gets the definitions so far, the calls that remain
//! and the importer's own tokens, adds its definition to the first and makes the next call:
//!
//! ```text
//! outgoing! { {} [{ layer_norm } { ::crease::__private::finish }] { mod evoformer { … } } }
//! ```
//! Rust resolves the paths, so re-exports, renames and privacy are its own, and so are the errors about them.

use crease_core::digest::digest;
use crease_core::lang::Code;
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
        // Bound to a name first: Rust's errors about an import are better than those about a macro's path.
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

/// The paths that name an item of another model, and where to report errors about them: at the `use`, if there is one.
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

/// The end of the chain: every definition is present.
pub(crate) fn finish(input: TokenStream) -> TokenStream {
    let Some((definitions, item)) = received(input) else {
        let message = "`__finish` ends a chain that `#[crease::model]` begins";
        return syn::Error::new(Place::call_site(), message).to_compile_error();
    };
    let mut source = parse::module(&item);
    let mut definition = parse::definition(&item);
    let mut library = Library::default();
    let mut broken = false;
    for ((path, place), imported) in imported(&source).into_iter().zip(definitions) {
        let found = match imported.found {
            Found::Library(found) => found,
            Found::Mistakes => {
                broken = true;
                continue;
            }
            Found::Private { module, declaration } => {
                let message = format!("`{}` is private to the module `{module}`", imported.item);
                let help = format!("write `pub {declaration}` there, or use what is `pub`");
                source.wrong(Code::CallsImport, place, &message, &help);
                continue;
            }
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
    // Mistakes in an imported module are reported there; nothing else can be checked here.
    if broken || !source.mistakes.is_empty() {
        let (errors, exports) = (error::compile_errors(&source.mistakes, &source.places), exports(&item, None));
        return quote!(#errors #exports);
    }
    definition.id = identity(&definition);
    source.module.id = definition.id.clone();
    let mut exported = library.clone();
    exported.modules.push(definition);
    library.modules.push(source.module);

    let promises = match check::library(&library) {
        Ok(promises) => promises,
        Err(mistakes) => {
            let errors = error::compile_errors(&mistakes, &source.places);
            let exports = exports(&item, None);
            return quote!(#errors #exports);
        }
    };
    let json = serde_json::to_string(&exported).unwrap_or_default();
    let exports = exports(&item, Some(&json));
    let promises = match promises.is_empty() {
        true => String::new(),
        false => serde_json::to_string(&promises).unwrap_or_default(),
    };
    quote! {
        #[allow(dead_code)]
        const __CREASE_LIBRARY: &str = #json;
        #[allow(dead_code)]
        const __CREASE_PROMISES: &str = #promises;
        #exports
    }
}

fn ident(text: String, span: Span) -> Ident {
    Ident { text, span }
}

/// A definition as a link of the chain passes it on.
struct Definition {
    /// The item's own name, before any renaming by `use`.
    item: String,
    found: Found,
}

/// What a link knows about an item.
enum Found {
    /// Its module with all that it imports.
    Library(Library),
    /// There are mistakes in its module.
    Mistakes,
    /// It is private to its module.
    Private { module: String, declaration: String },
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
        let texts = group.stream().into_iter().map(|text| Some(syn::parse2::<syn::LitStr>(text.into()).ok()?.value()));
        let mut texts = texts.collect::<Option<Vec<String>>>()?.into_iter();
        let item = texts.next()?;
        let found = match (texts.next(), texts.next()) {
            (Some(module), Some(declaration)) => Found::Private { module, declaration },
            (json, _) => json.and_then(|json| serde_json::from_str(&json).ok()).map_or(Found::Mistakes, Found::Library),
        };
        Some(Definition { item, found })
    });
    Some((definitions.collect::<Option<_>>()?, syn::parse2(item).ok()?))
}

/// A macro for each item, under the item's own name. No JSON: there are mistakes in the module.
///
/// A private item has one too, which reports that it is private: Rust's own message would not mention the model.
pub(crate) fn exports(item: &ItemMod, json: Option<&str>) -> TokenStream {
    let mut seen: Vec<String> = Vec::new();
    let module = unique_name(item);
    let items = item.content.iter().flat_map(|(_, items)| items);
    let (public, private): (Vec<_>, Vec<_>) = items.filter_map(declared).partition(|declared| declared.public());
    let exports = public.into_iter().chain(private).filter_map(|declared| {
        let name = declared.name;
        let text = parse::plain(name);
        if seen.contains(&text) {
            return None;
        }
        seen.push(text.clone());
        let (visibility, told) = if declared.public() {
            (declared.visibility.clone(), json.to_token_stream())
        } else {
            let (module, declaration) = (parse::plain(&item.ident), format!("{} {text}", declared.keyword));
            (syn::parse_quote!(pub), quote!(#module #declaration))
        };
        let link = format_ident!("{module}_{text}", span = Place::call_site());
        Some(quote! {
            #[doc(hidden)]
            #[macro_export]
            macro_rules! #link {
                ({$($before:tt)*} [{$($next:tt)*} $($rest:tt)*] $model:tt) => {
                    $($next)*! { {$($before)* {#text #told}} [$($rest)*] $model }
                };
            }
            #[doc(hidden)]
            #[allow(unused_imports, unreachable_pub)]
            #visibility use #link as #name;
        })
    });
    exports.collect()
}

/// An item that has a name in the language.
struct Declared<'a> {
    visibility: &'a Visibility,
    keyword: &'static str,
    name: &'a syn::Ident,
}

impl Declared<'_> {
    fn public(&self) -> bool {
        !matches!(self.visibility, Visibility::Inherited)
    }
}

fn declared(item: &Item) -> Option<Declared<'_>> {
    let (visibility, keyword, name) = match item {
        Item::Type(item) => (&item.vis, "type", &item.ident),
        Item::Const(item) => (&item.vis, "const", &item.ident),
        Item::Struct(item) => (&item.vis, "struct", &item.ident),
        Item::Fn(item) => (&item.vis, "fn", &item.sig.ident),
        _ => return None,
    };
    Some(Declared { visibility, keyword, name })
}

/// A module's name and the hash of its definition: the same definition is the same module everywhere.
fn identity(definition: &Module) -> String {
    let json = serde_json::to_string(definition).unwrap_or_default();
    format!("{}-{}", definition.name, digest(&[&json]))
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
    format!("__crease_{name}_{}", &digest(&[&place, &text])[..16])
}
