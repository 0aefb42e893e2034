//! Imports run one way: inside each module, what stands in it names what comes later in its list and nothing earlier.

use std::collections::{BTreeMap, BTreeSet};

use super::floors::FLOORS;
use super::modules::Crate;
use super::sources::root;
use super::{all, exceptions, expect_none};

/// The workspace's crates, each by its folder. A crate depends on later ones only.
const CRATES: [(&str, &str); 8] = [
    ("crease-fuzz", "fuzz"),
    ("crease-bench", "bench"),
    ("crease-cli", "cli"),
    ("crease-models", "models"),
    ("crease", "dsl"),
    ("crease-macros", "macros"),
    ("crease-runtime", "runtime"),
    ("crease-core", "dsl/core"),
];

/// Between the parts of each module, an example of each import.
type Graph = BTreeMap<String, BTreeMap<(String, String), String>>;

fn graph(folder: &str) -> Graph {
    let mut graph = Graph::new();
    for import in Crate::read(&all(), &format!("{folder}/src")).imports() {
        let (from, to) = (&import.from, &import.to);
        let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        // A module and what stands in it are one: it declares what they share, and calls them.
        let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) else { continue };
        let within = [&[folder.to_string()], &from[..shared]].concat().join("::");
        graph.entry(within).or_default().entry((a.clone(), b.clone())).or_insert(import.written);
    }
    graph
}

#[test]
fn no_imports_go_in_a_circle() {
    let mut wrong = Vec::new();
    for (_, folder) in CRATES {
        for (within, imports) in &graph(folder) {
            for ((a, b), example) in imports.iter().filter(|((a, _), _)| !waits(within, a)) {
                if reachable(imports, b).contains(a) {
                    wrong.push(format!("{within}: {a} -> {b} ({example})"));
                }
            }
        }
    }
    expect_none("imports that go in a circle", &wrong);
}

#[test]
fn every_import_goes_down() {
    let mut wrong = Vec::new();
    for (within, floors) in FLOORS {
        let folder = within.split("::").next().unwrap_or_default();
        let floor = |part: &str| floors.iter().position(|known| *known == part);
        for ((from, to), example) in graph(folder).remove(*within).unwrap_or_default() {
            match (floor(&from), floor(&to)) {
                (Some(above), Some(below)) if above < below || waits(within, &from) => {}
                (Some(_), Some(_)) => wrong.push(format!("{within}: {from} -> {to} goes up ({example})")),
                _ => wrong.push(format!("{within}: `{from}` or `{to}` is on no floor ({example})")),
            }
        }
    }
    expect_none("imports that do not go down the list of floors", &wrong);
}

#[test]
fn crates_depend_on_later_ones() {
    let mut wrong = Vec::new();
    for (place, (name, folder)) in CRATES.iter().enumerate() {
        let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        let manifest: toml::Table = manifest.parse().expect("TOML");
        assert_eq!(manifest["package"]["name"].as_str(), Some(*name), "{folder}");
        let needed = manifest.get("dependencies").and_then(|needed| needed.as_table());
        for other in needed.into_iter().flat_map(|needed| needed.keys()) {
            if CRATES[..=place].iter().any(|(earlier, _)| earlier == other) {
                wrong.push(format!("{name} -> {other}"));
            }
        }
    }
    expect_none("crates that depend on an earlier one", &wrong);
}

/// Whether a part is known to import in a circle.
fn waits(within: &str, part: &str) -> bool {
    exceptions::CIRCLES.contains(&(within, part))
}

fn reachable(imports: &BTreeMap<(String, String), String>, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([from.to_string()]);
    let mut left = vec![from.to_string()];
    while let Some(at) = left.pop() {
        for (_, to) in imports.keys().filter(|(from, _)| *from == at) {
            if reached.insert(to.clone()) {
                left.push(to.clone());
            }
        }
    }
    reached
}
