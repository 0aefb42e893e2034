//! `crease weights`: what is refused, what is left then, and the weights themselves where they are at hand.

mod common;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::*;
use crease_models::checkpoint::{IgFoldFiles, TensorFile};

/// Runs in a folder, which is the user's home and cache, too.
fn run(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crease"));
    command.args(arguments.split_whitespace()).current_dir(folder).stdin(Stdio::null());
    command.env("XDG_CACHE_HOME", folder.join("cache")).env("HOME", folder);
    command
}

/// One line, exit code 2, nothing new.
#[track_caller]
fn check(folder: &Path, arguments: &str, words: &[&str]) {
    let before = listed(folder);
    let output = run(folder, arguments).output().expect("the command starts");
    refused(&output, words);
    assert_eq!(listed(folder), before, "{arguments}");
}

#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.starts_with("crease: ") && error.lines().count() == 1, "{error}");
    words.iter().for_each(|word| assert!(error.contains(word), "`{word}` is not in: {error}"));
}

/// Everything inside, folders too.
fn listed(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(folder).expect("a directory").map(|entry| entry.expect("an entry").path());
        for path in entries {
            if path.is_dir() {
                open.push(path.clone());
            }
            all.push(path);
        }
    }
    all.sort();
    all
}

#[test]
fn what_cannot_be_got() {
    let folder = folder("weights_refused");
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, bytes).expect("written");
    };
    put("none/readme", b"");
    put("file", b"");
    put("wheels/igfold-1.0.1-py3-none-any.whl", b"PK");
    put("wheels/antiberty-0.1.3-py3-none-any.whl", b"PK");
    put("other/igfold/own.safetensors", b"x");
    let accepted = "weights igfold --accept-licence";
    for (arguments, words) in [
        ("weights".to_string(), &["requires a subcommand", "igfold"][..]),
        ("weights nothing".into(), &["nothing"]),
        ("weights igfold".into(), &["JHU", "non-commercial", "--accept-licence", "terminal"]),
        ("weights igfold --from wheels".into(), &["--accept-licence"]),
        (format!("{accepted} --from nowhere"), &["nowhere", "no such directory"]),
        (format!("{accepted} --from file"), &["file", "no such directory"]),
        (format!("{accepted} --from none"), &["`igfold-1.0.1-py3-none-any.whl`", "none"]),
        (format!("{accepted} --from wheels"), &["igfold-1.0.1", "SHA-256", "expected d939ebd6c6f6"]),
        (format!("{accepted} --from wheels --python p"), &["--python", "--from"]),
        (format!("{accepted} --from wheels --to file"), &["file", "cannot be read"]),
        (format!("{accepted} --from wheels --to other"), &["other/igfold", "not written by `crease weights`"]),
        (format!("{accepted} --python ./no-python"), &["no `./no-python`", "--python", "--from"]),
        (format!("{accepted} --python ./file"), &["`./file` cannot be started"]),
        ("weights minilm --python ./no-python".into(), &["no `./no-python`"]),
    ] {
        check(&folder, &arguments, words);
    }
}

/// Whoever interrupts a download has nothing left of it, and one line.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("weights_interrupted");
    let python = folder.join("python");
    std::fs::write(&python, "#!/bin/sh\necho begun > \"$TMPDIR/part\"\nexec sleep 600\n").expect("written");
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).expect("set");
    let before = listed(&folder);
    let mut command = run(&folder, "weights igfold --accept-licence --to kept --python ./python");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let begun = || listed(&folder).iter().any(|path| path.ends_with("unfinished/part"));
    while !begun() {
        assert!(child.try_wait().expect("asked").is_none(), "it ended before it was interrupted");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    refused(&child.wait_with_output().expect("ended"), &["interrupted", "nothing was kept"]);
    assert_eq!(listed(&folder), before);
}

/// A limit on the length of files stands for a disk that is full: writing fails half-way.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing() {
    let folder = folder("weights_full");
    let numbers = vec![0; 4 << 16];
    let pickle = b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n\
        X\x01\0\0\x000X\x03\0\0\0cpuJ\0\0\x01\0tQK\0J\0\0\x01\0\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs.";
    std::fs::write(folder.join("w.pt"), torch_archive(pickle, &[("0", &numbers)])).expect("written");
    let before = listed(&folder);
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$0\" weights convert w.pt -o w.safetensors";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_crease")]).current_dir(&folder);
    refused(&command.output().expect("started"), &["w.safetensors", "cannot be written", "too large"]);
    assert_eq!(listed(&folder), before);
    assert!(
        said(["weights", "convert", path(&folder, "w.pt"), "-o", path(&folder, "w.safetensors")])
            .contains("256.00 KiB")
    );
}

fn path(folder: &Path, name: &str) -> &'static str {
    String::leak(folder.join(name).display().to_string())
}

#[test]
fn the_weights_are_what_the_models_need() {
    let Some(folder) = igfold_weights() else { return };
    let files = IgFoldFiles::find(Some(&folder)).expect("found a moment ago");
    let encoder = TensorFile::open(&files.encoder).expect("safetensors");
    assert_eq!(encoder.names().count(), 149);
    assert_eq!(encoder.shape("bert.encoder.layer.7.attention.self.query.weight"), Some(&[512, 512][..]));
    let words = std::fs::read_to_string(&files.vocabulary).expect("read");
    assert_eq!((words.lines().count(), words.lines().next()), (25, Some("[PAD]")));
    assert_eq!(files.models.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 5]);
    for model in files.models.values() {
        let model = TensorFile::open(model).expect("safetensors");
        assert_eq!(model.names().count(), 371);
        let numbers: usize =
            model.names().map(|name| model.shape(name).expect("there").iter().product::<usize>()).sum();
        assert_eq!(numbers, 1_557_238);
    }
}
