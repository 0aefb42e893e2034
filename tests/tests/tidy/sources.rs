//! The workspace's own files: everything but what is built, and what other tools keep for themselves.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file.
pub(crate) struct Source {
    /// Its place in the workspace, with `/` between folders.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether somebody writes it as a program, a page or a script.
    pub(crate) fn is_program(&self) -> bool {
        [".rs", ".js", ".css", ".html", ".py", ".sh"].iter().any(|ending| self.path.ends_with(ending))
            || self.path == ".ci/run"
    }

    /// A program that must not compile, or must: it stands for what a user writes.
    pub(crate) fn is_case(&self) -> bool {
        self.path.starts_with("tests/ui/")
    }

    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The comment at its beginning, as far as it goes.
    pub(crate) fn first_comment(&self) -> &str {
        let is_comment = |line: &&str| {
            let line = line.trim_start();
            ["//", "#", "/*", "*", "<!--", "\"\"\""].iter().any(|mark| line.starts_with(mark))
        };
        let end: usize = self.text.split_inclusive('\n').take_while(is_comment).map(str::len).sum();
        &self.text[..end]
    }
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file of the workspace.
pub(crate) fn all() -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, place: &str, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let entry = entry.expect("an entry can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if place.is_empty() { name.clone() } else { format!("{place}/{name}") };
        let kept = !name.starts_with('.') || [".ci", ".cargo"].contains(&name.as_str());
        if !kept || name == "target" {
            continue;
        }
        if entry.path().is_dir() {
            walk(&entry.path(), &path, found);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            found.push(Source { path, text });
        }
    }
}
