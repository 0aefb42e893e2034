//! From Rust's syntax to the language's own tree.
//!
//! Parsing never stops: an unsupported part is reported once, on
//! its smallest token, and replaced by a placeholder, so that one pass finds every mistake of a module.
//! Meaning (axes, types, names) is not checked here.

mod body;
mod budget;
mod control;
mod einsum;
mod expr;
mod function;
mod item;
mod precision;
mod refuse;
mod types;
mod uses;

#[cfg(test)]
mod tests;

use crease_core::lang::ast::{Ident, Module, Span};
use crease_core::lang::{Code, Diagnostic};
use proc_macro2::Span as Place;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{ItemMod, Path};

/// A module as read.
pub(crate) struct Source {
    /// The tree; its imports are not resolved yet.
    pub(crate) module: Module,
    /// The places of [`Span`] numbers.
    pub(crate) places: Places,
    /// Every path that may name an item of another module, once each.
    pub(crate) mentions: Vec<Path>,
    /// The names that `use` brings in.
    pub(crate) uses: Vec<syn::Ident>,
    /// What is wrong, in the order of the source.
    pub(crate) mistakes: Vec<Diagnostic>,
}

/// Reads a module.
pub(crate) fn module(item: &ItemMod) -> Source {
    let mut reader = Reader::new(item, true);
    let module = reader.module(item);
    Source { module, places: reader.places, mentions: reader.mentions, uses: reader.uses, mistakes: reader.mistakes }
}

/// Reads a module as others import it: without a place in it.
pub(crate) fn definition(item: &ItemMod) -> Module {
    Reader::new(item, false).module(item)
}

/// The places behind [`Span`] numbers.
pub(crate) struct Places {
    list: Vec<Place>,
    module: Place,
}

impl Places {
    /// The number of a place.
    pub(crate) fn add(&mut self, place: Place) -> Span {
        self.list.push(place);
        Span(u32::try_from(self.list.len()).unwrap_or(0))
    }

    /// The place; the module's name for what has none.
    pub(crate) fn get(&self, span: Span) -> Place {
        let position = (span.0 as usize).checked_sub(1);
        let place = position.and_then(|position| self.list.get(position));
        place.copied().unwrap_or(self.module)
    }
}

/// Collects what is read.
struct Reader {
    places: Places,
    mentions: Vec<Path>,
    uses: Vec<syn::Ident>,
    mistakes: Vec<Diagnostic>,
    keeps_places: bool,
}

impl Reader {
    fn new(item: &ItemMod, keeps_places: bool) -> Reader {
        let places = Places { list: Vec::new(), module: item.ident.span() };
        Reader { places, mentions: Vec::new(), uses: Vec::new(), mistakes: Vec::new(), keeps_places }
    }

    /// The number of a place.
    fn span(&mut self, place: Place) -> Span {
        if self.keeps_places { self.places.add(place) } else { Span::default() }
    }

    /// A name without `r#`.
    fn ident(&mut self, ident: &syn::Ident) -> Ident {
        Ident { text: plain(ident), span: self.span(ident.span()) }
    }

    /// Reports a mistake: what is wrong, and what to write instead.
    fn wrong(&mut self, code: Code, place: Place, message: impl Into<String>, help: impl Into<String>) {
        let span = self.span(place);
        self.mistakes.push(Diagnostic::new(code, span, message).help(help));
    }

    /// A path that may name an item of another module; its place is its last name.
    fn path(&mut self, path: &Path) -> Ident {
        let text = path_text(path);
        let known = |seen: &Path| path_text(seen) == text;
        if !self.mentions.iter().any(known) {
            self.mentions.push(path.clone());
        }
        let place = path.segments.last().map(|segment| segment.ident.span());
        Ident { text, span: self.span(place.unwrap_or_else(Place::call_site)) }
    }
}

impl Source {
    /// Adds a mistake that is not in the module's body.
    pub(crate) fn wrong(&mut self, code: Code, place: Place, message: &str, help: &str) {
        let span = self.places.add(place);
        self.mistakes.push(Diagnostic::new(code, span, message).help(help));
    }
}

/// A name without `r#`.
pub(crate) fn plain(name: &syn::Ident) -> String {
    name.unraw().to_string()
}

/// A path as names keep it: `triangle::outgoing`.
pub(crate) fn path_text(path: &Path) -> String {
    let names = path.segments.iter().map(|segment| segment.ident.unraw());
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    let root = if path.leading_colon.is_some() { "::" } else { "" };
    format!("{root}{}", names.join("::"))
}

/// Where something begins.
fn start(tokens: &impl ToTokens) -> Place {
    let first = tokens.to_token_stream().into_iter().next();
    first.map_or_else(Place::call_site, |token| token.span())
}
