//! `crease NAME` for a program `crease-NAME` that stands beside the command.

#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::folder;

/// The command in a folder of its own, and perhaps a shell beside it under some name.
fn installed(test: &str, beside: &[&str]) -> PathBuf {
    let folder = folder(test);
    let own = folder.join("crease");
    // A symbolic link would lead back to the folder that the command was built in.
    std::fs::hard_link(env!("CARGO_BIN_EXE_crease"), &own).expect("linked");
    for name in beside {
        std::os::unix::fs::symlink("/bin/sh", folder.join(name)).expect("linked");
    }
    own
}

fn run(program: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().expect("the command starts")
}

#[test]
fn a_program_beside_the_command_is_run_with_the_other_words() {
    let crease = installed("external", &["crease-shell"]);
    let output = run(&crease, &["shell", "-c", "echo \"$0, $1\"; exit 7", "--seed", "plan"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "--seed, plan\n");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn a_command_of_its_own_comes_first() {
    let crease = installed("external_own", &["crease-models"]);
    assert!(String::from_utf8_lossy(&run(&crease, &["models"]).stdout).contains("evoformer_block"));
}

#[test]
fn a_bench_that_is_not_built_says_how() {
    let crease = installed("external_bench", &[]);
    let output = run(&crease, &["bench", "planner"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
    assert!(error.contains("crease-bench") && error.contains("cargo build --release -p crease-bench"), "{error}");
}
