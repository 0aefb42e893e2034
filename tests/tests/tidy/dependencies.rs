//! What the workspace depends on: licences, single versions and sources, as `deny.toml` allows them. `cargo deny` tells
//! more, where it is installed; this needs nothing, so it always runs.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::expect_none;
use super::sources::root;

/// Every package that is built on this machine, and the lists.
fn packages() -> (Vec<Value>, toml::Table) {
    let about = cargo(&["-vV"]);
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    let all = cargo(&["metadata", "--offline", "--format-version", "1", "--filter-platform", host]);
    let all: Value = serde_json::from_str(&all).expect("JSON");
    let packages = all["packages"].as_array().expect("a list of packages").clone();
    let lists = std::fs::read_to_string(root().join("deny.toml")).expect("the lists can be read");
    (packages, lists.parse().expect("TOML"))
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn name(package: &Value) -> String {
    format!("{} {}", package["name"].as_str().unwrap_or_default(), package["version"].as_str().unwrap_or_default())
}

#[test]
fn licences_let_everyone_use_what_is_built() {
    let (packages, lists) = packages();
    let allowed = lists["licenses"]["allow"].as_array().expect("a list");
    let allowed: Vec<spdx::Licensee> =
        allowed.iter().map(|l| spdx::Licensee::parse(l.as_str().unwrap_or_default()).expect("a licence")).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let licence = package["license"].as_str().unwrap_or("none");
        let mode = spdx::ParseMode { allow_slash_as_or_operator: true, ..spdx::ParseMode::STRICT };
        let fits = spdx::Expression::parse_mode(licence, mode)
            .is_ok_and(|licence| licence.evaluate(|asked| allowed.iter().any(|allowed| allowed.satisfies(asked))));
        if !fits {
            wrong.push(format!("{}: {licence}", name(package)));
        }
    }
    expect_none("licences that deny.toml does not allow", &wrong);
}

#[test]
fn each_package_is_there_once() {
    let (packages, lists) = packages();
    let skipped: BTreeSet<&str> =
        lists["bans"]["skip"].as_array().expect("a list").iter().filter_map(|skip| skip["crate"].as_str()).collect();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &packages {
        let (name, version) =
            (package["name"].as_str().unwrap_or_default(), package["version"].as_str().unwrap_or_default());
        let is_skipped = skipped.iter().any(|skip| {
            skip.split_once('@').is_some_and(|(of, from)| of == name && version.starts_with(&format!("{from}.")))
        });
        if !is_skipped {
            versions.entry(name).or_default().push(version);
        }
    }
    let twice = versions.iter().filter(|(_, versions)| versions.len() > 1);
    expect_none(
        "packages in several versions",
        &twice.map(|(name, all)| format!("{name}: {all:?}")).collect::<Vec<_>>(),
    );
}

#[test]
fn packages_come_from_the_registry_or_from_here() {
    let (packages, _) = packages();
    let is_known = |source: &str| source.starts_with("registry+") && source.ends_with("-index");
    let other = packages.iter().filter(|package| package["source"].as_str().is_some_and(|source| !is_known(source)));
    expect_none("packages from elsewhere", &other.map(name).collect::<Vec<_>>());
}
