//! Diagnostics as Rust's own errors, on the user's tokens.

use crease_core::lang::Diagnostic;
use crease_core::lang::ast::Span;
use proc_macro2::TokenStream;

use crate::parse::Places;

/// One `compile_error!` per mistake.
pub(crate) fn compile_errors(mistakes: &[Diagnostic], places: &Places) -> TokenStream {
    let errors = mistakes
        .iter()
        .map(|mistake| syn::Error::new(places.get(mistake.span), text(mistake, places)).to_compile_error());
    errors.collect()
}

/// `[code] message`, the related places, and what to write instead.
fn text(mistake: &Diagnostic, places: &Places) -> String {
    let mut text = format!("[{}] {}", mistake.code.text(), mistake.message);
    if !mistake.notes.is_empty() || mistake.help.is_some() {
        text.push('\n');
    }
    for (span, note) in &mistake.notes {
        // An error has one place on stable Rust, so related places are given by line.
        match line(*span, places) {
            Some(line) => text.push_str(&format!("\nnote: {note} (line {line})")),
            None => text.push_str(&format!("\nnote: {note}")),
        }
    }
    if let Some(help) = &mistake.help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    text
}

/// A place's line; none for imported definitions and outside the compiler.
fn line(span: Span, places: &Places) -> Option<usize> {
    let known = span != Span::default() && proc_macro::is_available();
    known.then(|| places.get(span).unwrap().line())
}
