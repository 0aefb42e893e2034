//! `crease bench cpu` at sizes that take no time: everything is measured, told and written; peers may be missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A directory of this test's own, empty.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a directory can be made");
    folder
}

/// Bad arguments: one line that has these words, and exit code 2.
#[track_caller]
fn refused(arguments: &str, words: &[&str]) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_crease-bench"))
        .args(arguments.split_whitespace())
        .output()
        .expect("the command starts");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments}: {error}");
    assert!(error.starts_with("crease: ") && error.lines().count() == 1, "{arguments}: {error}");
    assert!(!error.contains("bug in crease"), "{arguments}: {error}");
    for word in words {
        assert!(error.contains(word), "{arguments}: `{word}` is not in: {error}");
    }
}

#[test]
fn arguments_that_do_not_fit() {
    refused("", &["expected a command: planner, cpu, memory or tamper", "crease bench --help"]);
    refused("gpu", &["gpu"]);
    refused("planner --seed x", &["--seed"]);
    refused("cpu --sizes 128", &["--sizes", "SEQUENCESxRESIDUES", "`128`"]);
    refused("cpu --sizes 0x8", &["from 1 to 4096"]);
    refused("cpu --against numpy", &["openfold", "jax"]);
    refused("cpu --quick --runs 3", &["--quick", "--runs"]);
}

/// Runs the bench with peers' scripts that a shell runs, and gives what it prints.
fn bench(folder: &Path, scripts: &[(&str, &str)]) -> String {
    for (name, text) in scripts {
        std::fs::write(folder.join(name), text).expect("written");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_crease-bench"));
    command.args(
        "cpu --sizes 2x3 --positions 5 --runs 1 --blocks 2 --side 64 --against openfold --against jax --against torch"
            .split(' '),
    );
    command.arg("--peers").arg(folder).arg("--output").arg(folder.join("figures"));
    command.envs([("PY", "sh"), ("OPENFOLD_SRC", "anywhere"), ("JPY", "sh")]).env_remove("ALPHAFOLD_SRC");
    let output = command.output().expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

const ANSWERS: &str = r#"
echo a library says hello
echo '{"ready": "torch 9", "peak_mib": 2.5}'
while read line; do echo '{"seconds": 1.5}'; done
"#;

#[test]
fn every_part_is_measured_and_told() {
    let folder = folder("bench_cpu");
    let product = ("product.py", "echo '{\"error\": \"no numpy\"}'");
    let text = bench(&folder, &[("openfold.py", ANSWERS), ("gpt.py", ANSWERS), product]);
    for words in [
        "numpy: no numpy",
        "OpenFold chunk4_inplace: ready, torch 9",
        "OpenFold eager: 1.500 s = ",
        "2.50 MiB above weights and inputs",
        "AlphaFold, jax.jit subbatch4: ALPHAFOLD_SRC is not set: bench/README.md says how",
        "block                 F+0.25(U-F)",
        "pair transition       fastest",
        "n=5 PyTorch sdpa: 1.500 s = ",
        "causal block          fastest",
        "r=230 c=64",
        "node attention        F",
        "2 threads take",
        "2 blocks take",
        "bits     pass",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    let written = |name: &str| std::fs::read_to_string(folder.join("figures").join(name)).expect("written");
    let figures: Value = serde_json::from_str(&written("cpu.json")).expect("JSON");
    let parts = figures["lines"].as_array().expect("lines").iter().filter(|line| line["data"]["plan"] == "fastest");
    assert_eq!(parts.count(), 10 + 1 + 3);
    assert!(written("cpu.md").contains("## s=2 r=3") && written("roofline.svg").contains("triangle ending"));
    assert!(!written("cpu.md").contains(env!("CARGO_TARGET_TMPDIR")), "no paths");
}

#[test]
fn a_peer_that_ends_is_a_line() {
    let folder = folder("bench_cpu_ends");
    let ends = "echo '{\"ready\": \"torch 9\", \"peak_mib\": 1}'; read line; echo Killed by the wolf >&2; exit 3";
    let text = bench(&folder, &[("openfold.py", ends)]);
    assert!(text.contains("s=2 r=3 OpenFold eager: it ended: Killed by the wolf"), "{text}");
    assert!(text.contains("product.py is not there"), "{text}");
}
