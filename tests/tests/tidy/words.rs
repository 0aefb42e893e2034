//! Words that must stand nowhere: what is unfinished, what was for a moment only, and places of one machine.

use super::{all, expect_none};

/// Cut in two, so that this file has none of them.
const UNFINISHED: [(&str, &str); 4] = [("todo", "!("), ("unimplemented", "!("), ("dbg", "!("), ("#[ign", "ore")];
const PLACES: [(&str, &str); 4] = [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/tm", "p/")];

#[test]
fn nothing_is_unfinished_or_left_out() {
    let mut wrong = Vec::new();
    for source in all().iter().filter(|source| source.is_rust() && !source.is_case()) {
        wrong.extend(found(&source.path, &source.text, &UNFINISHED));
    }
    expect_none("what is unfinished, or a test that does not run", &wrong);
}

#[test]
fn no_machine_is_named() {
    let mut wrong = Vec::new();
    for source in &all() {
        wrong.extend(found(&source.path, &source.text, &PLACES));
    }
    expect_none("places of one machine", &wrong);
}

fn found(path: &str, text: &str, words: &[(&str, &str)]) -> Vec<String> {
    let words: Vec<String> = words.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let lines = (1..).zip(text.lines());
    let wrong = lines.filter_map(|(number, line)| Some((number, words.iter().find(|word| line.contains(*word))?)));
    wrong.map(|(number, word)| format!("{path}:{number} has `{word}`")).collect()
}
