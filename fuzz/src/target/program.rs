//! Whole programs: expanded, linked with the real models that they import, checked and made into graphs.
//! Promises are left out: each is planned, which takes a thousand times as long.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crease_core::ir::check_graph;
use crease_core::lang::ast::Library;
use crease_core::lang::{Code, Options, Settings, elaborate};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use super::{Target, seeds};
use crate::mutate::tokens;
use crate::{emit, link};

pub(super) const TARGET: Target = Target { name: "program", seeds, longest: 1 << 12, change: tokens::change, run };

/// The models are linked before the first input, whose time is bounded.
fn seeds() -> Vec<Vec<u8>> {
    known();
    seeds::modules()
}

fn run(data: &[u8]) -> bool {
    let Some(tokens) = tokens::tokens(data) else {
        return false;
    };
    let Some(library) = library(tokens, known()) else {
        return false;
    };
    let Some(module) = library.modules.last() else {
        return false;
    };
    for function in &module.functions {
        for record in [false, true] {
            let options = Options { record, ..Options::default() };
            match elaborate(&library, &function.name.text, &Settings::new(), &options) {
                Ok(made) => assert_eq!(check_graph(&made.graph), Ok(()), "a graph keeps the law"),
                // Numbers and flags come from whoever calls the function.
                Err(wrong) if wrong.iter().all(|mistake| mistake.code == Code::CallsRoot) => {}
                Err(wrong) => panic!("`{}` was checked and cannot be made: {wrong:#?}", function.name.text),
            }
        }
    }
    true
}

/// The library of a module without mistakes.
fn library(tokens: TokenStream, known: &BTreeMap<String, String>) -> Option<Library> {
    serde_json::from_str(&linked(without_promises(tokens), known)?).ok()
}

/// The library as the macro keeps it.
fn linked(tokens: TokenStream, known: &BTreeMap<String, String>) -> Option<String> {
    let expanded = emit::model(TokenStream::new(), tokens.clone());
    let definitions = imported(expanded)?.into_iter().map(|item| {
        let name = item.rsplit("::").next();
        let json = known.get(&item);
        quote!({ #name #json })
    });
    let finished = link::finish(quote!({ #(#definitions)* } [] { #tokens }));
    let mut tokens = finished.into_iter().skip_while(|t| !matches!(t, TokenTree::Ident(i) if i == "__CREASE_LIBRARY"));
    let json = tokens.find(|token| matches!(token, TokenTree::Literal(_)))?;
    syn::parse2::<syn::LitStr>(json.into()).ok().map(|json| json.value())
}

/// The items that an expanded module calls the definitions of, in its order, as `module::item`.
fn imported(expanded: TokenStream) -> Option<Vec<String>> {
    const NAME: &str = "crease_model_definition_of_";
    let file: syn::File = syn::parse2(expanded).ok()?;
    let module = file.items.into_iter().find_map(|item| match item {
        syn::Item::Mod(module) => module.content,
        _ => None,
    });
    let mut uses = Vec::new();
    for item in module?.1 {
        if let syn::Item::Use(item) = item {
            leaves(&item.tree, "", &mut uses);
        }
    }
    let own = |name: &str| {
        let bound = uses.iter().find(|(bound, _)| bound == name);
        bound.map_or_else(|| name.to_string(), |(_, path)| path.clone())
    };
    let called = uses.iter().filter(|(bound, _)| bound.starts_with(NAME));
    Some(called.map(|(_, path)| path.strip_prefix("self::").map_or_else(|| path.clone(), own)).collect())
}

/// Each name that a `use` binds, and the last two names of what it is bound to.
fn leaves(tree: &syn::UseTree, within: &str, found: &mut Vec<(String, String)>) {
    let item = |name: &syn::Ident| format!("{within}::{name}");
    match tree {
        syn::UseTree::Path(path) => leaves(&path.tree, &path.ident.to_string(), found),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, within, found)),
        syn::UseTree::Name(name) => found.push((name.ident.to_string(), item(&name.ident))),
        syn::UseTree::Rename(rename) => found.push((rename.rename.to_string(), item(&rename.ident))),
        syn::UseTree::Glob(_) => {}
    }
}

/// Definitions of the real models' items, by `module::item`.
fn known() -> &'static BTreeMap<String, String> {
    static KNOWN: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known = BTreeMap::new();
        let mut left = seeds::models();
        // Each round takes the modules whose imports are known.
        while !left.is_empty() {
            let before = left.len();
            left.retain(|module| {
                let tokens = tokens::tokens(module).expect("models are Rust");
                let Some(json) = linked(without_promises(tokens), &known) else {
                    return true;
                };
                let library: Library = serde_json::from_str(&json).expect("the macro's own text");
                if let Some(module) = library.modules.last() {
                    let names = module.axes.iter().map(|axis| &axis.name);
                    let names = names.chain(module.constants.iter().map(|constant| &constant.name));
                    let names = names.chain(module.structs.iter().map(|parameters| &parameters.name));
                    for name in names.chain(module.functions.iter().map(|function| &function.name)) {
                        known.insert(format!("{}::{}", module.name, name.text), json.clone());
                    }
                }
                false
            });
            assert!(left.len() < before, "{} models cannot be linked", left.len());
        }
        known
    })
}

/// All but the attributes `#[budget(…)]`.
fn without_promises(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else {
            kept.push(token);
            continue;
        };
        let first = group.stream().into_iter().next();
        let promises = matches!(first, Some(TokenTree::Ident(word)) if word == "budget");
        if promises && group.delimiter() == Delimiter::Bracket && matches!(kept.last(), Some(TokenTree::Punct(_))) {
            kept.pop();
        } else {
            kept.push(TokenTree::Group(Group::new(group.delimiter(), without_promises(group.stream()))));
        }
    }
    kept.into_iter().collect()
}
