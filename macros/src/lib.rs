//! Crease's macro: from Rust syntax to the language's own tree and its diagnostics.
//!
//! `#[crease::model] mod name { … }` is parsed (`parse`), joined with the definitions that it imports (`link`),
//! checked by `crease-core` (`check`), and becomes items that Rust can use (`emit`); mistakes are reported
//! on the user's own tokens (`error`). What a program means is not known here. Between two expansions only
//! plans are kept (`keep`), where the user wants that.

mod check;
mod emit;
mod error;
mod keep;
mod link;
mod parse;
mod signature;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Reads a module as a model: its axes, its parameter structs and its functions.
///
/// Each function becomes one that returns the model, ready to plan; every other name can be imported by other models.
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::model(arguments.into(), item.into()).into()
}

/// The end of a chain of imports; not to be called by hand.
#[doc(hidden)]
#[proc_macro]
pub fn __finish(input: TokenStream) -> TokenStream {
    link::finish(input.into()).into()
}
