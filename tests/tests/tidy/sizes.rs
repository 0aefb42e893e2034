//! How long lines and files are, how many files a folder has, and that each says what it is for.

use std::collections::BTreeMap;

use super::{all, exceptions, expect_none};

/// What rustfmt breaks lines at; it leaves texts and comments as they are.
const WIDEST: usize = 120;
const LONGEST: usize = 400;
const FULLEST: usize = 12;
/// What a longer file's first comment says, followed by why.
const REASON: &str = "Over 400 lines because ";

#[test]
fn lines_are_no_wider_than_rustfmt_makes_them() {
    let mut wrong = Vec::new();
    let waits = |path: &str| exceptions::WIDE.iter().any(|place| path.starts_with(place));
    for source in all().iter().filter(|source| source.is_rust() && !waits(&source.path)) {
        let wide = (1..).zip(source.text.lines()).filter(|(_, line)| line.chars().count() > WIDEST);
        wrong.extend(wide.map(|(number, line)| format!("{}:{number} has {}", source.path, line.chars().count())));
    }
    expect_none("lines of more than 120 characters", &wrong);
}

#[test]
fn files_are_short_or_say_why_not() {
    let mut wrong = Vec::new();
    for source in all().iter().filter(|source| source.is_program()) {
        let lines = source.text.lines().count();
        let reason = source.first_comment().split_once(REASON).map(|(_, reason)| reason.trim());
        match reason {
            None if lines > LONGEST => wrong.push(format!("{} has {lines}", source.path)),
            Some(reason) if lines <= LONGEST || reason.is_empty() => {
                wrong.push(format!("{} gives no reason, or needs none at {lines} lines", source.path));
            }
            _ => {}
        }
    }
    wrong.retain(|wrong| !exceptions::LONG.iter().any(|path| wrong.starts_with(path)));
    expect_none("files of more than 400 lines whose first comment has no `Over 400 lines because …`", &wrong);
}

#[test]
fn folders_are_small() {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for source in all().iter().filter(|source| source.is_program() && !source.is_case()) {
        *count.entry(source.folder().to_string()).or_default() += 1;
    }
    count.retain(|folder, files| *files > FULLEST && !exceptions::FULL.contains(&folder.as_str()));
    let wrong: Vec<String> = count.iter().map(|(folder, files)| format!("{folder} has {files}")).collect();
    expect_none("folders of more than 12 sources", &wrong);
}

#[test]
fn every_file_says_what_it_is_for() {
    let sources = all();
    let silent = sources.iter().filter(|s| s.is_rust() && !s.is_case() && !s.text.starts_with("//! "));
    let mut wrong: Vec<String> = silent.map(|s| s.path.clone()).collect();
    wrong.retain(|path| !exceptions::SILENT.contains(&path.as_str()));
    expect_none("files that do not begin with `//! `", &wrong);
}
