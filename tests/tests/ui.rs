//! Mistakes in models and what is said about each: `tests/ui/<topic>/<case>.rs` beside its `.stderr`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crease_core::lang::Code;

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/*.rs");
    cases.pass("ui/*/pass/*.rs");
}

/// The files of a folder with one ending, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    let mut files: Vec<PathBuf> = entries.unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files.sort();
    files
}

fn topics() -> Vec<(String, PathBuf)> {
    // Tests run in their package's folder, so every path is short and of this project.
    let entries = fs::read_dir("ui").expect("the cases").flatten().map(|entry| entry.path());
    let topic = |path: PathBuf| Some((path.file_name()?.to_str()?.to_owned(), path));
    let mut topics: Vec<_> = entries.filter(|path| path.is_dir()).filter_map(topic).collect();
    topics.sort();
    topics
}

/// The codes in a text: `[axes-mismatch]`.
fn codes(text: &str) -> impl Iterator<Item = Code> + '_ {
    Code::ALL.iter().copied().filter(|code| text.contains(&format!("[{}]", code.text())))
}

#[test]
fn every_code_has_a_case() {
    let mut said: BTreeMap<String, BTreeSet<Code>> = BTreeMap::new();
    for (topic, folder) in topics() {
        let texts = files(&folder, "stderr").into_iter().map(|path| fs::read_to_string(path).expect("a text"));
        let codes = texts.flat_map(|text| codes(&text).collect::<Vec<_>>()).collect();
        said.insert(topic, codes);
    }
    // A code's topic is its text before the first dash.
    let topic = |code: &Code| code.text().split('-').next().unwrap_or_default();
    let has_case = |code: &&Code| said.get(topic(code)).is_some_and(|codes| codes.contains(code));
    let without: Vec<&str> = Code::ALL.iter().filter(|code| !has_case(code)).map(|code| code.text()).collect();
    assert!(without.is_empty(), "no case in `tests/ui/<topic>` says: {}", without.join(", "));
}

#[test]
fn every_case_is_complete() {
    let (mut wrong, topics) = (Vec::new(), topics());
    for (topic, folder) in &topics {
        let (cases, texts) = (files(folder, "rs"), files(folder, "stderr"));
        for case in &cases {
            if !case.with_extension("stderr").exists() {
                wrong.push(format!("{} has no `.stderr`", case.display()));
            }
        }
        for text in &texts {
            if !text.with_extension("rs").exists() {
                wrong.push(format!("{} has no case", text.display()));
            }
            let said = fs::read_to_string(text).expect("a text");
            // A case holds what this project says, not what the compiler makes of it.
            if codes(&said).next().is_none() || said.contains("error[E") {
                wrong.push(format!("{} holds an error that is not the language's", text.display()));
            }
        }
        if !folder.join("all_mistakes_at_once.rs").exists() {
            wrong.push(format!("topic `{topic}` has no case of several mistakes"));
        }
        if files(&folder.join("pass"), "rs").is_empty() {
            wrong.push(format!("topic `{topic}` has no passing twin"));
        }
    }
    assert!(!topics.is_empty() && wrong.is_empty(), "{}", wrong.join("\n"));
}
