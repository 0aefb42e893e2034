//! What stands where after a file was written, was not, or must not be.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::*;

/// A directory of a test, and the names in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).expect("written");
        self.path(name)
    }

    #[track_caller]
    fn check(&self, expected: &[(&str, &str)]) {
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> = std::fs::read_dir(self.0.path()).expect("a directory").map(name).collect();
        names.sort();
        assert_eq!(names, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (name, text) in expected {
            assert_eq!(std::fs::read_to_string(self.path(name)).expect("text"), *text, "{name}");
        }
    }
}

fn write(path: &Path, text: &str) {
    OutputFile::new(path).expect("a place").write_text(text).expect("written");
}

fn refused(path: &Path) -> String {
    OutputFile::new(path).expect_err("refused").to_string().replace(&path.display().to_string(), "FILE")
}

#[test]
fn a_file_is_made_or_replaced() {
    let folder = Folder::new();
    write(&folder.path("new"), "one");
    write(&folder.path("new"), "two");
    folder.check(&[("new", "two")]);
}

#[test]
fn what_fails_leaves_the_target_as_it_was() {
    let folder = Folder::new();
    let target = folder.file("old", "old");
    let output = OutputFile::new(&target).expect("a place");
    let failed = output.write_with(|file| {
        file.write_all(&[b'x'; 1 << 20])?;
        Err(std::io::Error::other("no more"))
    });
    assert!(failed.expect_err("failed").to_string().ends_with("old: cannot be written: no more"));
    let mut dropped = OutputFile::new(&target).expect("a place").begin().expect("begun");
    dropped.write_all(b"half").expect("written");
    drop(dropped);
    folder.check(&[("old", "old")]);
}

#[test]
fn places_that_are_none_are_told_before_the_work() {
    let folder = Folder::new();
    assert_eq!(refused(folder.0.path()), "FILE: is a directory, expected the name of an output file");
    assert_eq!(refused(Path::new("/..")), "FILE: is a directory, expected the name of an output file");
    let nothing = OutputFile::new("").expect_err("refused").to_string();
    assert_eq!(nothing, ": expected the name of an output file");
    let nowhere = folder.path("no/x");
    let expected = format!("FILE: cannot be written: there is no directory `{}`", folder.path("no").display());
    assert_eq!(refused(&nowhere), expected);
    folder.file("file", "");
    assert!(refused(&folder.path("file/x")).contains("cannot be written"));
    folder.check(&[("file", "")]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("there").mode() & 0o7777
    }

    #[test]
    fn a_file_keeps_its_mode_and_a_new_one_has_the_usual() {
        let folder = Folder::new();
        let usual = folder.file("usual", "");
        for kept in [0o600, 0o640, 0o755] {
            let target = folder.file("target", "old");
            std::fs::set_permissions(&target, std::fs::Permissions::from_mode(kept)).expect("set");
            write(&target, "new");
            assert_eq!(mode(&target), kept);
        }
        write(&folder.path("new"), "");
        assert_eq!(mode(&folder.path("new")), mode(&usual));
    }

    #[test]
    fn a_link_stays_and_its_target_is_written() {
        let folder = Folder::new();
        std::fs::create_dir(folder.path("far")).expect("made");
        let target = folder.file("far/target", "old");
        for (name, to) in [("absolute", target.as_path()), ("relative", Path::new("far/target"))] {
            let link = folder.path(name);
            symlink(to, &link).expect("linked");
            symlink(name, folder.path(&format!("{name}_again"))).expect("linked");
            for path in [link, folder.path(&format!("{name}_again"))] {
                write(&path, name);
                assert!(path.is_symlink());
                assert_eq!(std::fs::read_to_string(&target).expect("text"), name);
            }
        }
        symlink("far/new", folder.path("dangling")).expect("linked");
        write(&folder.path("dangling"), "made");
        assert!(folder.path("dangling").is_symlink());
        assert_eq!(std::fs::read_to_string(folder.path("far/new")).expect("text"), "made");
        symlink("ring", folder.path("ring")).expect("linked");
        assert!(refused(&folder.path("ring")).contains("cannot be written"));
    }

    /// Whoever can write to the directory knows what a file is called, but not what it is called until it is whole.
    #[test]
    fn links_of_foreseen_names_are_not_followed() {
        let folder = Folder::new();
        let victim = folder.file("victim", "precious");
        for name in [".x.{}.part", "x.part", "x.tmp", ".x.part"] {
            let name = name.replace("{}", &std::process::id().to_string());
            symlink(&victim, folder.path(&name)).expect("linked");
        }
        write(&folder.path("x"), "new");
        assert_eq!(std::fs::read_to_string(victim).expect("text"), "precious");
    }

    #[test]
    fn devices_stay_devices() {
        let null = Path::new("/dev/null");
        write(null, "gone");
        assert!(std::fs::metadata(null).expect("there").file_type().is_char_device());
        if Path::new("/dev/full").exists() {
            let full = OutputFile::new("/dev/full").expect("a device").write_text("x").expect_err("full");
            assert!(full.to_string().starts_with("/dev/full: cannot be written: No space left"), "{full}");
        }
    }

    #[test]
    fn a_pipe_is_written_to_its_reader() {
        let folder = Folder::new();
        let pipe = folder.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        let output = OutputFile::new(&pipe).expect("a pipe that nobody reads yet");
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).expect("text")
        });
        output.write_text("through").expect("written");
        assert_eq!(reader.join().expect("read"), "through");
        assert!(std::fs::metadata(&pipe).expect("there").file_type().is_fifo());
    }

    #[test]
    fn a_file_that_must_not_be_written_is_not_replaced() {
        let folder = Folder::new();
        let target = folder.file("target", "old");
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o444)).expect("set");
        if std::fs::OpenOptions::new().write(true).open(&target).is_ok() {
            eprintln!("skipped: this user may write every file");
            return;
        }
        assert!(refused(&target).contains("ermission denied"));
        folder.check(&[("target", "old")]);
    }

    /// Every path to an input, and what must not stand there.
    #[test]
    fn output_over_input_is_refused_whatever_leads_there() {
        let folder = Folder::new();
        let input = folder.file("input", "precious");
        std::fs::create_dir(folder.path("far")).expect("made");
        symlink(&input, folder.path("link")).expect("linked");
        symlink(folder.0.path(), folder.path("far/back")).expect("linked");
        std::fs::hard_link(&input, folder.path("hard")).expect("linked");
        for name in ["input", "./input", "far/../input", "link", "far/back/input", "hard"] {
            let path = folder.path(name);
            let mut files = Files::new();
            files.reads("--inputs", [&input]).expect("nothing is written");
            let said = files.writes("--output", &path).expect_err(name).to_string();
            assert!(said.starts_with(&path.display().to_string()), "{said}");
            let expected = format!("--output would overwrite {}, which is read as --inputs: ", input.display());
            assert!(said.contains(&expected), "{said}");
            // The same where the output is known first.
            let mut files = Files::new();
            files.writes("--output", &path).expect("nothing is read");
            let said = files.reads("--inputs", [&input]).expect_err(name).to_string();
            assert!(said.contains(&expected), "{said}");
        }
        let mut files = Files::new();
        files.reads("--inputs", [&input]).expect("nothing is written");
        files.reads("--weights", Some(&input)).expect("read twice");
        files.writes("--output", &folder.path("other")).expect("another file");
    }

    #[test]
    fn two_outputs_need_two_files() {
        let folder = Folder::new();
        symlink("new", folder.path("link")).expect("linked");
        for name in ["new", "./new", "link"] {
            let mut files = Files::new();
            files.writes("--output", &folder.path("new")).expect("a place");
            let said = files.writes("--trace", &folder.path(name)).expect_err(name).to_string();
            assert!(said.contains("--trace and --output are the same file ("), "{said}");
            files.writes("--report", &folder.path("report")).expect("another file");
        }
        // Nothing is lost on a device.
        let mut files = Files::new();
        files.writes("--output", Path::new("/dev/null")).expect("a device");
        files.writes("--trace", Path::new("/dev/null")).expect("a device");
        files.reads("--inputs", [Path::new("/dev/null")]).expect("a device");
    }
}

#[test]
fn what_a_killed_process_left_is_removed_by_the_next() {
    let folder = Folder::new();
    folder.file(temporary::tests::DEAD, "half");
    write(&folder.path("new"), "whole");
    folder.check(&[("new", "whole")]);
}
