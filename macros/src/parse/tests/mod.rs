//! Sources in, trees or mistakes out.

mod mistakes;
mod print;
mod trees;

use super::Source;

/// Reads a model whose module holds `items`.
fn read(items: &str) -> Source {
    let text = format!("mod tested {{ {items} }}");
    match syn::parse_str(&text) {
        Ok(item) => super::module(&item),
        Err(error) => panic!("no Rust: {error}\n{text}"),
    }
}
