//! Imports run one way: inside each module, what stands in it names what comes later in its list and nothing earlier.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::Crate;
use super::{all, exceptions, expect_none};

/// The workspace's crates, each by its folder. A crate depends on later ones only.
const CRATES: [(&str, &str); 5] = [
    ("crease-models", "models"),
    ("crease", "dsl"),
    ("crease-macros", "macros"),
    ("crease-runtime", "runtime"),
    ("crease-core", "dsl/core"),
];

/// What a module itself is called among its parts.
const ITSELF: &str = "itself";

/// Between the parts of each module, an example of each import.
type Graph = BTreeMap<String, BTreeMap<(String, String), String>>;

fn graph(folder: &str) -> Graph {
    let mut graph = Graph::new();
    for import in Crate::read(&all(), &format!("{folder}/src")).imports() {
        let (from, to) = (&import.from, &import.to);
        let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let part = |module: &[String]| module.get(shared).map_or(ITSELF, String::as_str).to_string();
        let within = [&[folder.to_string()], &from[..shared]].concat().join("::");
        graph.entry(within).or_default().entry((part(from), part(to))).or_insert(import.written);
    }
    graph
}

#[test]
fn no_imports_go_in_a_circle() {
    let mut wrong = Vec::new();
    for (_, folder) in CRATES {
        for (within, imports) in &graph(folder) {
            let reach = |from: &str| reachable(imports, from);
            for ((a, b), example) in imports {
                let back = reach(b).contains(a);
                if back && !exceptions::CIRCLES.iter().any(|(place, parts)| place == within && parts.contains(&a.as_str())) {
                    wrong.push(format!("{within}: {a} -> {b} ({example})"));
                }
            }
        }
    }
    expect_none("imports that go in a circle", &wrong);
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
