//! What commands write and must not write: inputs, devices, two things in one file, and what is left when they are ended.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::*;

/// How long a command may take that refuses at once.
const SOON: Duration = Duration::from_secs(60);

fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crease"));
    command.args(arguments.split_whitespace()).current_dir(folder).stdin(Stdio::null());
    command
}

/// Every name in a folder and, of plain files, what they hold.
fn held(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a directory").map(|entry| entry.expect("read").path());
    let bytes = |path: &Path| if path.is_file() { std::fs::read(path).expect("read") } else { Vec::new() };
    entries.map(|path| (path.clone(), bytes(&path))).collect()
}

/// A command that is refused, soon and in one line, and changes nothing.
#[track_caller]
fn refused(folder: &Path, arguments: &str, words: &[&str]) {
    let before = held(folder);
    let began = Instant::now();
    let mut child = command(folder, arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
    while child.try_wait().expect("asked").is_none() {
        if began.elapsed() > SOON {
            let _ = child.kill();
            panic!("{arguments}: still running after {SOON:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().expect("ended");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{arguments}: {error}");
    for word in words {
        assert!(error.contains(word), "{arguments}: `{word}` is not in: {error}");
    }
    assert_eq!(before, held(folder), "{arguments}");
}

/// A folder with one input of each kind.
fn inputs(test: &str) -> PathBuf {
    let folder = folder(test);
    write(&folder.join("w"), &small_weights("evoformer_block", ""), &[]);
    write(&folder.join("i"), &small_inputs(), &[]);
    std::fs::write(folder.join("a.a3m"), ALIGNMENT).expect("written");
    std::fs::write(folder.join("s.fasta"), ">x\nQIQL\n").expect("written");
    std::fs::write(folder.join("t.json"), "{}").expect("written");
    std::fs::write(folder.join("c.pt"), torch_archive(b"\x80\x02}.", &[])).expect("written");
    folder
}

#[test]
fn no_command_overwrites_what_it_reads() {
    let folder = inputs("files_over");
    std::fs::create_dir(folder.join("sub")).expect("made");
    let run = "run evoformer_block --weights w --inputs i";
    for (arguments, words) in [
        (format!("{run} --output w"), &["w: --output would overwrite w, which is read as --weights"][..]),
        (format!("{run} --output ./i"), &["--output would overwrite i, which is read as --inputs"]),
        (format!("{run} --output sub/../i"), &["would overwrite i"]),
        (format!("{run} --output o --trace w"), &["--trace would overwrite w"]),
        (format!("{run} --table t.json --output t.json"), &["read as --table"]),
        ("run evoformer_block --reference w --output w".into(), &["read as --reference"]),
        (
            "evoformer a.a3m --output a.a3m".into(),
            &["a.a3m: --output would overwrite a.a3m, which is read as the align"],
        ),
        ("evoformer a.a3m --weights w --output w".into(), &["read as --weights"]),
        ("evoformer a.a3m --output o --trace a.a3m".into(), &["--trace would overwrite"]),
        ("fold s.fasta -o o.pdb --report s.fasta".into(), &["--report would overwrite s.fasta"]),
        ("fold s.fasta -o o.pdb --trace s.fasta".into(), &["--trace would overwrite s.fasta"]),
        ("plan evoformer_block -d S=4 -d R=8 --table t.json --report t.json".into(), &["read as --table"]),
        (
            "weights convert c.pt -o c.pt".into(),
            &["c.pt: --output would overwrite c.pt, which is read as the checkpoint"],
        ),
    ] {
        refused(&folder, &arguments, words);
    }
}

#[test]
fn two_outputs_are_two_files() {
    let folder = inputs("files_twice");
    for arguments in [
        "run evoformer_block --weights w --inputs i --output o --trace ./o",
        "evoformer a.a3m --output o --trace o",
        "fold s.fasta -o o.pdb --report o.pdb",
        "fold s.fasta -o o.pdb --trace o.pdb",
    ] {
        refused(&folder, arguments, &["and --output are the same file ("]);
    }
}

#[cfg(unix)]
#[test]
fn links_lead_to_inputs_too() {
    let folder = inputs("files_links");
    std::os::unix::fs::symlink("w", folder.join("soft")).expect("linked");
    std::fs::hard_link(folder.join("w"), folder.join("hard")).expect("linked");
    for output in ["soft", "hard"] {
        let run = format!("run evoformer_block --weights w --inputs i --output {output}");
        refused(&folder, &run, &["would overwrite w, which is read as --weights"]);
    }
}

#[cfg(unix)]
#[test]
fn devices_are_written_and_pipes_are_not_read() {
    use std::os::unix::fs::FileTypeExt;
    let folder = inputs("files_devices");
    let run = "run evoformer_block --weights w --inputs i --output /dev/null";
    assert!(command(&folder, run).stdout(Stdio::null()).status().expect("started").success());
    let null = std::fs::metadata("/dev/null").expect("there");
    assert!(null.file_type().is_char_device(), "/dev/null was replaced");
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().expect("mkfifo").success());
    for file in ["pipe", "/dev/zero"] {
        let expected = "is a pipe or a device, expected a";
        refused(&folder, &format!("plan evoformer_block -d S=4 -d R=8 --table {file}"), &[expected]);
        refused(&folder, &format!("evoformer {file} --output o"), &["plain file"]);
        refused(&folder, &format!("fold {file} -o o.pdb"), &["plain file"]);
    }
}

/// A checkpoint whose conversion takes a moment: 32 MiB of numbers.
#[cfg(unix)]
fn large(folder: &Path) {
    let pickle = b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n\
        X\x01\0\0\x000X\x03\0\0\0cpuJ\0\0\x80\0tQK\0J\0\0\x80\0\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs.";
    let archive = torch_archive(pickle, &[("0", &vec![0; 32 << 20])]);
    std::fs::write(folder.join("w.pt"), archive).expect("written");
}

/// Starts a conversion and waits until it has written something, or has ended.
#[cfg(unix)]
fn writing(folder: &Path) -> Child {
    let mut child = command(folder, "weights convert w.pt -o o").stdout(Stdio::null()).spawn().expect("started");
    let begun = || {
        let others = std::fs::read_dir(folder).expect("a directory").map(|entry| entry.expect("read"));
        let mut others = others.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
        others.any(|entry| entry.metadata().is_ok_and(|about| about.len() > 0))
    };
    while !begun() && child.try_wait().expect("asked").is_none() {
        std::thread::sleep(Duration::from_micros(200));
    }
    child
}

#[cfg(unix)]
fn names(folder: &Path) -> Vec<String> {
    held(folder).keys().map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect()
}

/// Nothing half-written has the target's name, whenever the signal comes.
#[cfg(unix)]
#[test]
fn a_command_that_is_ended_leaves_nothing() {
    use std::os::unix::process::ExitStatusExt;
    let folder = folder("files_ended");
    large(&folder);
    for signal in ["INT", "TERM", "HUP"] {
        std::fs::write(folder.join("o"), "old").expect("written");
        let mut child = writing(&folder);
        let _ = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        let status = child.wait().expect("ended");
        assert_eq!(names(&folder), ["o", "w.pt"], "{signal}");
        let written = std::fs::read(folder.join("o")).expect("read");
        match status.signal() {
            Some(_) => assert!(written == b"old" || written.len() > 32 << 20, "{} bytes", written.len()),
            None => assert!(status.success() && written.len() > 32 << 20),
        }
    }
}

#[cfg(unix)]
#[test]
fn what_a_killed_command_leaves_is_removed_by_the_next() {
    let folder = folder("files_killed");
    large(&folder);
    let mut child = writing(&folder);
    child.kill().expect("killed");
    child.wait().expect("ended");
    let left = names(&folder);
    assert!(command(&folder, "weights convert w.pt -o o").stdout(Stdio::null()).status().expect("started").success());
    assert_eq!(names(&folder), ["o", "w.pt"], "after {left:?}");
}
