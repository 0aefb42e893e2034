//! Cost tables: measured, read back, used where they are named.

mod common;

use std::path::Path;
use std::process::Command;

use common::*;
use crease_core::plan::{InstructionSet, Table};
use serde_json::Value;

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

const PLAN: [&str; 10] = ["plan", "evoformer_block", "-d", "R=24", "-d", "S=8", "--json", "--threads", "2", "--target"];

fn predicted(target: &str, table: &[&str]) -> u64 {
    let said = said(PLAN.into_iter().chain([target]).chain(table.iter().copied()));
    let plan: Value = serde_json::from_str(&said).expect("JSON");
    plan["predicted_nanoseconds"].as_u64().expect("nanoseconds")
}

/// What a command that fails says, in one line.
fn refused<'a>(arguments: impl IntoIterator<Item = &'a str>) -> String {
    let output = crease(arguments);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn a_measured_table_is_written_and_used_where_it_is_named() {
    let folder = folder("calibrate");
    let file = folder.join("table.json");
    let said = said(["calibrate", "--quick", "--threads", "1", "--json", "--output", text(&file)]);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let table = Table::read(&std::fs::read_to_string(&file).expect("written")).expect("a table");
    let name = table.instructions.name();
    assert_eq!(said["instructions"], name);
    for (figure, measured) in table.figures() {
        assert_eq!(said["figures"][figure]["measured"], measured, "{figure}");
    }
    assert_eq!(std::fs::read_dir(&folder).expect("a directory").count(), 1, "nothing but the table is left");
    assert!(predicted(name, &["--table", text(&file)]) > 0);
}

#[test]
fn the_table_of_a_user_is_kept_in_the_configuration_folder() {
    let folder = folder("calibrate_home");
    let run = |home: &str, value: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crease"));
        command.args(["calibrate", "--quick", "--threads", "1"]).env_remove("XDG_CONFIG_HOME").env(home, value);
        let output = command.output().expect("the command starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "a bar is for terminals only");
        String::from_utf8(output.stdout).expect("text")
    };
    for (home, below) in [("XDG_CONFIG_HOME", "crease"), ("HOME", ".config/crease")] {
        let said = run(home, &folder);
        let tables: Vec<_> = std::fs::read_dir(folder.join(below)).expect("made").collect();
        let [Ok(table)] = tables.as_slice() else { panic!("{tables:?}") };
        assert!(said.contains(text(&table.path())) && said.contains("--table"), "{said}");
        assert!(said.contains("contract_rate") && said.contains("shipped") && said.contains("ratio"), "{said}");
    }
}

#[test]
fn a_slower_table_predicts_a_slower_plan() {
    let folder = folder("slower");
    let shipped = Table::shipped(InstructionSet::Avx2);
    let write = |name: &str, table: &Table| {
        let file = folder.join(name);
        std::fs::write(&file, table.text()).expect("written");
        file
    };
    let same = write("same.json", shipped);
    let slow = Table { contract_rate: shipped.contract_rate / 4, ..shipped.clone() };
    let slow = write("slow.json", &slow);
    let plain = predicted("avx2", &[]);
    assert_eq!(predicted("avx2", &["--table", text(&same)]), plain);
    assert!(predicted("avx2", &["--table", text(&slow)]) > plain * 3 / 2);
}

#[test]
fn tables_that_do_not_fit_are_refused_in_one_line() {
    let folder = folder("refused_tables");
    let file = folder.join("table.json");
    let shipped = Table::shipped(InstructionSet::Avx2).text();
    let refuse = |content: &str| {
        std::fs::write(&file, content).expect("written");
        refused(PLAN.into_iter().chain(["avx2", "--table", text(&file)]))
    };
    let portable = Table::shipped(InstructionSet::Portable).text();
    assert!(refuse(&portable).contains("is a cost table for portable, not for avx2"));
    assert!(refuse("{").contains("is not a cost table"));
    assert!(refuse("").contains("is not a cost table"));
    let figure = format!("\"call\": {}", Table::shipped(InstructionSet::Avx2).call);
    assert!(refuse(&shipped.replace(&figure, "\"call\": 0")).contains("`call` must be from 1"));
    // No file changes what kernels need.
    let scratch = shipped.replace(&figure, &format!("{figure}, \"contract_scratch\": 1"));
    assert!(refuse(&scratch).contains("unknown field `contract_scratch`"));
    std::fs::remove_file(&file).expect("it was there");
    assert!(refused(PLAN.into_iter().chain(["avx2", "--table", text(&file)])).contains("cannot be read"));
    for command in ["run", "verify", "evoformer"] {
        assert!(said([command, "--help"]).contains("--table"), "{command}");
    }
}
