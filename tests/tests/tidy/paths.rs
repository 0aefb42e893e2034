//! The paths in a source, by a reader of just enough Rust: `use` with its groups and names, and paths in code.

use std::collections::BTreeSet;

/// A path as written, the names that a group shares before each of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// `crate`, `super`, `self` or a name, then names; the last may be `*`.
    pub(crate) names: Vec<String>,
    /// The name that it gives, where it is a `use`.
    pub(crate) binds: Option<String>,
    /// Whether it is a `pub use` of any kind: it hands on.
    pub(crate) public: bool,
    /// Inline modules around it, outermost first.
    pub(crate) within: Vec<String>,
}

/// What a source has: paths outside of its tests, and the modules it declares in line.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) paths: Vec<Written>,
    /// `mod name;` and `mod name { … }` under `#[cfg(test)]`.
    pub(crate) tests: Vec<String>,
    pub(crate) inline: Vec<Vec<String>>,
    /// Every name in the code beside `use`.
    pub(crate) words: BTreeSet<String>,
}

/// Reads a source.
pub(crate) fn read(text: &str) -> Read {
    let tokens = tokens(text);
    let mut reader = Reader { tokens: &tokens, at: 0, read: Read::default(), within: Vec::new(), public: false };
    reader.all();
    reader.read
}

struct Reader<'t> {
    tokens: &'t [&'t str],
    at: usize,
    read: Read,
    /// Open braces: of a module its name.
    within: Vec<Option<String>>,
    /// Whether the `use` at hand is a `pub use`.
    public: bool,
}

impl<'t> Reader<'t> {
    fn peek(&self, ahead: usize) -> &'t str {
        self.tokens.get(self.at + ahead).copied().unwrap_or_default()
    }

    fn all(&mut self) {
        while self.at < self.tokens.len() {
            let before = if self.at == 0 { "" } else { self.tokens[self.at - 1] };
            match self.peek(0) {
                "#" if self.is_for_tests() => self.test_module(),
                "mod" if is_name(self.peek(1)) && self.peek(2) == "{" => {
                    self.within.push(Some(self.peek(1).to_string()));
                    let inline = self.modules();
                    self.read.inline.push(inline);
                    self.at += 3;
                }
                "{" => {
                    self.within.push(None);
                    self.at += 1;
                }
                "}" => {
                    self.within.pop();
                    self.at += 1;
                }
                "use" => {
                    // `pub use` or `pub(crate) use`.
                    self.public =
                        before == "pub" || (before == ")" && self.at > 3 && self.tokens[self.at - 4] == "pub");
                    self.at += 1;
                    self.tree(&mut Vec::new(), true);
                }
                word if is_name(word) && self.peek(1) == "::" && !["::", "$", "."].contains(&before) => {
                    self.tree(&mut Vec::new(), false);
                }
                word => {
                    self.read.words.insert(word.to_string());
                    self.at += 1;
                }
            }
        }
    }

    /// `#[cfg(test)]`, then `mod`.
    fn is_for_tests(&self) -> bool {
        let start: String = (0..7).map(|k| self.peek(k)).collect();
        start == "#[cfg(test)]" && ["mod", "#"].contains(&self.peek(7)) && (7..24).any(|k| self.peek(k) == "mod")
    }

    /// Passes over a module of tests, and keeps its name.
    fn test_module(&mut self) {
        while self.peek(0) != "mod" {
            self.at += 1;
        }
        let name = self.peek(1).to_string();
        self.read.tests.push(name);
        self.at += 2;
        let mut depth = 0;
        loop {
            match self.peek(0) {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 || self.at >= self.tokens.len() {
                return;
            }
        }
    }

    fn modules(&self) -> Vec<String> {
        self.within.iter().flatten().cloned().collect()
    }

    /// A path, or several that begin alike.
    fn tree(&mut self, before: &mut Vec<String>, is_use: bool) {
        let length = before.len();
        loop {
            match self.peek(0) {
                "{" if is_use => {
                    self.at += 1;
                    while !["}", ""].contains(&self.peek(0)) {
                        self.tree(before, true);
                        if self.peek(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    break;
                }
                name if is_name(name) || (name == "*" && is_use) => {
                    before.push(name.to_string());
                    self.at += 1;
                    if self.peek(0) == "::" && (is_use || is_name(self.peek(1))) {
                        self.at += 1;
                        continue;
                    }
                    self.keep(before, is_use);
                    break;
                }
                // A path of another crate, `::name`, or what is no path.
                _ => {
                    self.at += 1;
                    break;
                }
            }
        }
        before.truncate(length);
    }

    fn keep(&mut self, names: &[String], is_use: bool) {
        let mut names = names.to_vec();
        // `use a::{self}` is `use a`.
        if names.len() > 1 && names.last().is_some_and(|last| last == "self") {
            names.pop();
        }
        let mut binds = names.last().cloned().filter(|_| is_use);
        if is_use && self.peek(0) == "as" {
            binds = Some(self.peek(1).to_string());
            self.at += 2;
        }
        if !is_use {
            self.read.words.extend(names.first().cloned());
        }
        let public = is_use && self.public;
        self.read.paths.push(Written { names, binds, public, within: self.modules() });
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names, numbers, `::` and single signs; no comments, texts, letters or lifetimes.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            'r' if raw(rest).is_some() => raw(rest).unwrap_or(1),
            '"' => quoted(rest, '"'),
            '\'' if is_letter(rest) => quoted(rest, '\''),
            _ if first.is_whitespace() || first == '\'' => first.len_utf8(),
            _ => {
                let end = |c: char| !(c.is_alphanumeric() || c == '_');
                let length = match rest.find(end).unwrap_or(rest.len()) {
                    0 if rest.starts_with("::") => 2,
                    0 => first.len_utf8(),
                    length => length,
                };
                found.push(&rest[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    found
}

/// Bytes of `r"…"` or `r#"…"#`.
fn raw(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    let inside = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(1 + hashes + 1 + inside.find(&end)? + end.len())
}

/// Whether a `'` begins a letter and no lifetime.
fn is_letter(text: &str) -> bool {
    let mut after = text[1..].chars();
    after.next() == Some('\\') || after.next() == Some('\'')
}

/// Bytes up to the closing mark.
fn quoted(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn paths_are_found_where_they_stand() {
    let check = |text: &str, expected: &[&str]| {
        let shown = |path: &Written| {
            let place = path.within.iter().map(|module| format!("{module}/")).collect::<String>();
            let bound = path.binds.as_ref().map_or(String::new(), |name| format!(" as {name}"));
            format!("{place}{}{bound}", path.names.join("::"))
        };
        assert_eq!(read(text).paths.iter().map(shown).collect::<Vec<_>>(), expected, "{text}");
    };
    check(
        "use crate::a::{b, c::{self, D as E}, f::*};",
        &["crate::a::b as b", "crate::a::c as c", "crate::a::c::D as E", "crate::a::f::* as *"],
    );
    check("fn f() { super::g::<u8>(x.y::<u8>(), $crate::no) }", &["super::g"]);
    check("// crate::a\n/* crate::b */ const A: &str = \"crate::c\"; const B: char = '\"'; crate::d", &["crate::d"]);
    check("mod inner { use super::x; } use super::y;", &["inner/super::x as x", "super::y as y"]);
    check("#[cfg(test)]\nmod tests { use super::x; } #[cfg(test)] mod more; use super::y;", &["super::y as y"]);
    check("const R: &str = r#\"crate::a \" crate::b\"#; fn f<'a>(x: &'a crate::T) {}", &["crate::T"]);
    assert_eq!(read("#[cfg(test)]\n#[path = \"x.rs\"]\nmod tests;").tests, ["tests"]);
}
