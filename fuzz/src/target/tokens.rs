//! What the attribute makes of any tokens: its items, or mistakes on the user's own.

use proc_macro2::TokenStream;

use super::{Target, seeds};
use crate::emit;
use crate::mutate::tokens;

pub(super) const TARGET: Target =
    Target { name: "tokens", longest: 1 << 12, seeds: seeds::modules, change: tokens::change, run };

fn run(data: &[u8]) -> bool {
    let Some(tokens) = tokens::tokens(data) else {
        return false;
    };
    let made = emit::model(TokenStream::new(), tokens).to_string();
    assert!(!made.is_empty(), "there is an item or an error");
    !made.contains("compile_error")
}
