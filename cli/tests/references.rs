//! Reference files of the Evoformer and its relatives, at no budget and down to the smallest.

mod common;

use std::path::{Path, PathBuf};

use common::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/reference");

/// Each file, or none where this checkout has no shared folder.
fn files() -> Vec<PathBuf> {
    if !Path::new(FOLDER).is_dir() {
        eprintln!("skipped: there is no {FOLDER}");
        return Vec::new();
    }
    let all = std::fs::read_dir(FOLDER).expect("a directory").map(|entry| entry.expect("an entry").path());
    let name = |path: &PathBuf| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let kinds = ["evoformer_", "extra_msa_stack_", "template_pair_stack_", "structure_module_"];
    let mut files: Vec<PathBuf> = all.filter(|path| kinds.iter().any(|kind| name(path).starts_with(kind))).collect();
    files.sort();
    files
}

/// The peak and the smallest budget of the plain run, in bytes as the table shows them.
fn peaks(table: &str) -> (f64, f64) {
    let line = table.lines().find(|l| l.contains("plain run")).expect("a plain run");
    let mib = |after: &str| {
        let rest = &line[line.find(after).expect(after) + after.len()..];
        let mut words = rest.split_whitespace();
        let number: f64 = words.next().and_then(|w| w.parse().ok()).expect("a number");
        assert!(words.next().is_some_and(|unit| unit.starts_with("MiB")), "{line}");
        number * f64::from(1 << 20)
    };
    (mib("peak "), mib("smallest "))
}

#[test]
fn every_reference_is_met_at_any_budget() {
    for file in files() {
        let path = file.to_str().expect("a plain path");
        let free = said(["verify", path]);
        assert!(free.contains(" 0 failed"), "{free}");
        let (peak, smallest) = peaks(&free);
        let between = |share: f64| format!("{:.0} B", smallest + (peak - smallest) * share + f64::from(1 << 14));
        for budget in [between(0.6), between(0.2), "smallest".into()] {
            let table = said(["verify", path, "--budget", &budget]);
            assert!(table.contains(" 0 failed"), "{budget}: {table}");
        }
    }
}
