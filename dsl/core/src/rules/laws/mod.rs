//! Laws: each rule's two sides, evaluated with the oracle on random small shapes.

mod attend;
mod samples;
mod split;

use std::sync::Arc;

use proptest::test_runner::{Config, TestRunner};
use split::{cancel, split_map, split_max, split_softmax, split_sum};

use super::rules;
use crate::ir::Graph;

/// A rule's law: panics where the two sides differ.
type Law = fn(&mut TestRunner);

/// One law per rule.
const LAWS: &[(&str, Law)] = &[
    ("split-map", split_map),
    ("split-sum", split_sum),
    ("split-max", split_max),
    ("split-softmax", split_softmax),
    ("cancel", cancel),
];

#[test]
fn every_rule_has_a_law() {
    let names: Vec<String> = rules(&Arc::new(Graph::default())).iter().map(|r| r.name.to_string()).collect();
    let laws: Vec<String> = LAWS.iter().map(|(name, _)| (*name).to_string()).collect();
    assert_eq!(names, laws, "rules and laws differ");
}

#[test]
fn every_law_holds() {
    for (_, law) in LAWS {
        law(&mut TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() }));
    }
}
