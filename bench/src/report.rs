//! What a bench says: a line a figure, printed as soon as it is known, and all of them as JSON.

use std::path::Path;
use std::time::Instant;

use crease_cli::terminal::{CliError, usage};
use crease_models::output::OutputFile;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// The lines so far.
pub(crate) struct Report {
    lines: Vec<Value>,
    passed: usize,
    missed: usize,
    start: Instant,
    bar: ProgressBar,
}

impl Report {
    pub(crate) fn new() -> Report {
        // Drawn on a terminal only.
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        Report { lines: Vec::new(), passed: 0, missed: 0, start: Instant::now(), bar }
    }

    /// Shows what is being done.
    pub(crate) fn doing(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
        self.bar.tick();
    }

    /// One figure; `passed` is none where nothing is promised.
    pub(crate) fn line(&mut self, check: &str, text: &str, passed: Option<bool>, data: Value) -> Result<(), CliError> {
        let verdict = match passed {
            Some(true) => "pass",
            Some(false) => "miss",
            None => "",
        };
        self.passed += usize::from(passed == Some(true));
        self.missed += usize::from(passed == Some(false));
        self.lines.push(json!({ "check": check, "text": text, "passed": passed, "data": data }));
        self.bar.suspend(|| crease_cli::terminal::print(&format!("{check:<9}{verdict:<5}{text}\n")))
    }

    /// The text of every line so far of a check.
    pub(crate) fn texts<'r>(&'r self, check: &'r str) -> impl Iterator<Item = &'r str> {
        self.lines.iter().filter(move |line| line["check"] == check).filter_map(|line| line["text"].as_str())
    }

    /// Every promise so far: its text, and whether it is kept.
    pub(crate) fn promises(&self) -> impl Iterator<Item = (&str, bool)> {
        self.lines.iter().filter_map(|line| Some((line["text"].as_str()?, line["passed"].as_bool()?)))
    }

    /// Writes the JSON, an object that says what was measured and how, with all lines, and says how it went.
    pub(crate) fn finish(self, path: &Path, about: Value) -> Result<(), CliError> {
        self.bar.finish_and_clear();
        let (passed, missed, seconds) = (self.passed, self.missed, self.start.elapsed().as_secs_f64());
        let mut top = about;
        top["passed"] = passed.into();
        top["missed"] = missed.into();
        top["seconds"] = seconds.into();
        top["lines"] = self.lines.into();
        write(path, &format!("{top:#}\n"))?;
        let written = path.display();
        crease_cli::terminal::print(&format!(
            "{passed} passed, {missed} missed in {seconds:.0} s; figures in {written}\n"
        ))
    }
}

/// Writes a file of a bench; its folder is made if it is missing.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), CliError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let unwritten = |e: std::io::Error| usage(format!("{}: cannot be made: {e}", folder.display()));
        std::fs::create_dir_all(folder).map_err(unwritten)?;
    }
    Ok(OutputFile::new(path)?.write_text(text)?)
}
