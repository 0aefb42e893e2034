//! House rules as tests, read from the sources themselves. Each prints every place that breaks it.

mod circles;
mod dependencies;
mod exceptions;
mod floors;
mod modules;
mod paths;
mod sizes;
mod sources;
mod words;

use sources::Source;

/// Fails with every line of what is wrong.
#[track_caller]
fn expect_none(rule: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}

/// Every source of the workspace, and that they were found.
fn all() -> Vec<Source> {
    let all = sources::all();
    assert!(all.iter().any(|source| source.path == "tests/tests/tidy/main.rs"), "this file is among them");
    all
}
