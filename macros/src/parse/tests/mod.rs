//! Sources in, trees or mistakes out.

mod body_mistakes;
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

/// A module's items; for each mistake `token: [code] message`, in order.
fn check_mistakes(items: &str, expected: &[&str]) {
    let source = read(items);
    let found: Vec<String> = source
        .mistakes
        .iter()
        .map(|mistake| {
            let token = source.places.get(mistake.span).source_text();
            let (code, message) = (mistake.code.text(), &mistake.message);
            format!("{}: [{code}] {message}", token.unwrap_or_default())
        })
        .collect();
    assert_eq!(found, expected, "{items}");
    for mistake in &source.mistakes {
        let help = mistake.help.as_deref().unwrap_or_default();
        assert!(!help.is_empty() && !help.ends_with('.'), "{}: {help}", mistake.message);
    }
}
