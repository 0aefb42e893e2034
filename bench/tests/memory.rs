//! The promise about memory, on a few runs of each kind; all 500 are `crease bench memory`.

use std::process::Command;

#[test]
fn processes_hold_what_their_plans_say() {
    let mut bench = Command::new(env!("CARGO_BIN_EXE_crease-bench"));
    let output = bench.args(["memory", "--runs", "26", "--process-lengths", "12"]).output().expect("it starts");
    let [said, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{said}{errors}");
    for kind in ["lengths", "blocks", "traces", "stacks", "recorded", "48 blocks", "alignments", "refused", ": kept"] {
        assert!(said.contains(kind), "{kind}: {said}");
    }
}
