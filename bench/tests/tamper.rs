//! Real plans with one number changed: the check refuses each, or it runs inside its own buffers. Of all changes some are
//! tried here; `crease bench tamper` tries all.

use std::process::Command;

#[test]
fn no_changed_plan_does_harm() {
    let output = Command::new(env!("CARGO_BIN_EXE_crease-bench"))
        .args(["tamper", "--every", "149"])
        .output()
        .expect("the command starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let rows: Vec<Vec<usize>> = text
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().rev().take(4).filter_map(|word| word.parse().ok()).collect())
        .collect();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{error}");
    assert_eq!(rows.len(), 8, "{text}{error}");
    for row in &rows {
        let &[harm, ran, refused, changes] = row.as_slice() else { panic!("four numbers a line: {text}") };
        assert!(harm == 0 && ran + refused == changes && changes > 10 && refused > changes / 2, "{text}");
    }
}
