//! Sets made from folders and by a program in pip's place.

use std::cell::{Cell, RefCell};

use super::super::find::find;
use super::super::install::{Origin, Talk, install};
use super::super::manifest::{State, state};
use super::*;
use crate::checkpoint::{StoreError, TensorFile};

/// Somebody who says yes or no, and may stop after some bytes.
#[derive(Default)]
struct Somebody {
    declines: bool,
    stops_after: Option<u64>,
    passed: Cell<u64>,
    read: RefCell<String>,
    parts: RefCell<Vec<String>>,
}

impl Talk for Somebody {
    fn begins(&self, what: &str, _: u64) {
        self.parts.borrow_mut().push(what.into());
    }

    fn passed(&self, bytes: u64) -> Result<(), StoreError> {
        self.passed.set(self.passed.get() + bytes);
        let stops = self.stops_after.is_some_and(|most| self.passed.get() >= most);
        if stops { Err(StoreError::Interrupted) } else { Ok(()) }
    }

    fn accepts(&self, texts: &[(&Package, String)]) -> Result<(), StoreError> {
        self.read.borrow_mut().extend(texts.iter().map(|(package, text)| format!("{}: {text}", package.name)));
        if self.declines { Err(StoreError::Declined) } else { Ok(()) }
    }
}

fn put_wheels(folder: &Folder, made: &Made) -> Origin {
    made.wheels.iter().for_each(|(name, bytes)| drop(folder.put(&format!("from/{name}"), bytes)));
    Origin::Folder(folder.path("from"))
}

/// A failure leaves nothing, and says this.
#[track_caller]
fn fails(folder: &Folder, set: &Set, origin: &Origin, somebody: &Somebody, words: &[&str]) {
    let before = folder.listed();
    let error = install(set, &folder.path("deep/cache"), origin, somebody).expect_err("fails").to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    words.iter().for_each(|word| assert!(error.contains(word), "`{word}` is not in: {error}"));
    assert!(!error.contains(".part"), "{error}");
    assert_eq!(folder.listed(), before);
    assert!(!folder.path("deep").exists(), "not even its folder is left");
}

fn whole(set: &Set, folder: &Path) -> State {
    state(set, folder, &|_| Ok(())).expect("ours")
}

const FILES: [&str; 6] =
    ["LICENCE-one", "LICENCE-two", "manifest.json", "more.txt", "numbers.safetensors", "words.txt"];

#[test]
fn a_set_from_a_folder() {
    let (folder, made, somebody) = (Folder::new("install"), made(), Somebody::default());
    let (origin, cache) = (put_wheels(&folder, &made), folder.path("cache"));
    assert_eq!(whole(made.set, &cache.join("made")), State::Absent);
    let bytes = install(made.set, &cache, &origin, &somebody).expect("made");
    std::fs::remove_dir_all(folder.path("from")).expect("removed");
    assert_eq!(folder.listed(), FILES.map(|name| format!("cache/made/{name}")));
    let sizes = FILES
        .iter()
        .filter(|name| **name != "manifest.json")
        .map(|name| std::fs::metadata(cache.join("made").join(name)).expect("there").len());
    assert_eq!(bytes, sizes.sum::<u64>());
    assert_eq!(*somebody.read.borrow(), format!("one: {TERMS}two: {TERMS}"));
    assert_eq!(*somebody.parts.borrow(), ["checked", "made ready"]);
    let found = find(made.set, None, || Ok(cache.clone())).expect("found");
    let file = TensorFile::open(&found["numbers.safetensors"]).expect("safetensors");
    assert_eq!(file.read("w").expect("numbers"), [1.0, 2.0]);
    assert_eq!(whole(made.set, &cache.join("made")), State::Whole);
}

#[test]
fn what_was_unzipped_must_be_what_was_published() {
    let (folder, made, somebody) = (Folder::new("published"), made(), Somebody::default());
    for (name, bytes) in [
        ("one/numbers.bin", &checkpoint([1.0, 2.0])[..]),
        ("one/words.txt", b"a\nb\n"),
        ("one.dist-info/LICENCE", TERMS.as_bytes()),
        ("two/more.txt", b"more"),
        ("two.dist-info/LICENCE", TERMS.as_bytes()),
    ] {
        folder.put(&format!("from/site/{name}"), bytes);
    }
    let origin = Origin::Folder(folder.path("from"));
    install(made.set, &folder.path("cache"), &origin, &somebody).expect("made");
    assert_eq!(whole(made.set, &folder.path("cache/made")), State::Whole);
    folder.put("from/site/one/numbers.bin", &checkpoint([1.0, 3.0]));
    fails(&folder, made.set, &origin, &somebody, &["numbers.bin", "SHA-256", "expected"]);
}

#[test]
fn a_folder_that_was_changed_is_known_and_replaced() {
    let (folder, made, somebody) = (Folder::new("state"), made(), Somebody::default());
    let (origin, cache) = (put_wheels(&folder, &made), folder.path("cache"));
    let own = cache.join("made");
    let again = |words: &str| {
        let State::Damaged(how) = whole(made.set, &own) else { panic!("{words}") };
        assert!(how.contains(words), "{how}");
        install(made.set, &cache, &origin, &somebody).expect("made");
        assert_eq!(whole(made.set, &own), State::Whole);
    };
    install(made.set, &cache, &origin, &somebody).expect("made");
    std::fs::write(own.join("words.txt"), "a\nc\n").expect("written");
    again("another `words.txt`");
    std::fs::remove_file(own.join("more.txt")).expect("removed");
    again("no `more.txt`");
    let manifest = std::fs::read_to_string(own.join("manifest.json")).expect("read");
    std::fs::write(own.join("manifest.json"), manifest.replace("\"1.0\"", "\"0.9\"")).expect("written");
    again("other versions");
    // What a user made there is never replaced.
    std::fs::remove_file(own.join("manifest.json")).expect("removed");
    let error = state(made.set, &own, &|_| Ok(())).expect_err("not ours").to_string();
    assert!(error.contains("was not written by `crease weights`"), "{error}");
}

#[test]
fn nothing_is_left_of_what_fails() {
    let (folder, made) = (Folder::new("fails"), made());
    let origin = put_wheels(&folder, &made);
    let declines = Somebody { declines: true, ..Somebody::default() };
    fails(&folder, made.set, &origin, &declines, &["not accepted"]);
    let total: u64 = {
        let somebody = Somebody::default();
        install(made.set, &folder.path("whole"), &origin, &somebody).expect("made");
        std::fs::remove_dir_all(folder.path("whole")).expect("removed");
        somebody.passed.get()
    };
    for stops_after in [1, total / 2, total] {
        let stops = Somebody { stops_after: Some(stops_after), ..Somebody::default() };
        fails(&folder, made.set, &origin, &stops, &["interrupted"]);
    }
    let somebody = Somebody::default();
    let (name, whole) = &made.wheels[0];
    folder.put(&format!("from/{name}"), &whole[..whole.len() / 2]);
    fails(
        &folder,
        made.set,
        &origin,
        &somebody,
        &[name, "the wheel of one 1.0", "SHA-256", made.set.packages[0].sha256],
    );
    std::fs::remove_file(folder.path("from").join(name)).expect("removed");
    fails(&folder, made.set, &origin, &somebody, &["`one-1.0-py3-none-any.whl`", "give a folder with the wheel"]);
    let nowhere = Origin::Folder(folder.path("nowhere"));
    fails(&folder, made.set, &nowhere, &somebody, &["nowhere", "no such directory"]);
}

/// Programs in the place of Python.
#[cfg(unix)]
mod pip {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn python(folder: &Folder, does: &str) -> Origin {
        let place = folder.put("python", format!("#!/bin/sh\n{does}\n").as_bytes());
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).expect("set");
        Origin::Pip(vec!["no-such-python".into(), place.into()])
    }

    /// Copies the wheels to the folder behind `--dest`, and keeps what it was asked.
    fn copying(folder: &Folder) -> String {
        let (from, asked) = (folder.path("from"), folder.path("asked"));
        let told = format!("echo \"$@\" > '{}'; pwd >> '{0}'", asked.display());
        let parse = "while [ \"$1\" != --dest ]; do shift; done";
        format!("{told}\n{parse}\ntouch \"$TMPDIR/part\"\ncp '{}'/*.whl \"$2\"", from.display())
    }

    #[test]
    fn a_set_by_pip() {
        let (folder, made, somebody) = (Folder::new("pip"), made(), Somebody::default());
        put_wheels(&folder, &made);
        let cache = folder.path("cache");
        install(made.set, &cache, &python(&folder, &copying(&folder)), &somebody).expect("made");
        assert_eq!(whole(made.set, &cache.join("made")), State::Whole);
        assert_eq!(std::fs::read_dir(&cache).expect("a folder").count(), 1);
        assert_eq!(*somebody.parts.borrow(), ["fetched", "checked", "made ready"]);
        assert!(somebody.passed.get() >= made.set.bytes());
        let asked = std::fs::read_to_string(folder.path("asked")).expect("asked");
        let (asked, place) = asked.split_once('\n').expect("two lines");
        assert!(asked.starts_with("-m pip download ") && asked.ends_with(" one==1.0 two==1.0"), "{asked}");
        assert!(asked.contains(" --no-deps --only-binary=:all: "), "{asked}");
        // Not in a folder whose modules Python would run.
        assert!(place.contains("/cache/.crease."), "{place}");
    }

    #[test]
    fn a_pip_that_fails() {
        let (folder, made, somebody) = (Folder::new("pip-fails"), made(), Somebody::default());
        put_wheels(&folder, &made);
        let check = |does: &str, words: &[&str]| {
            let origin = python(&folder, does);
            fails(&folder, made.set, &origin, &somebody, words);
        };
        let failed = "echo 'WARNING: Retrying: Failed to establish a new connection' >&2
            echo 'ERROR: No matching distribution found for one==1.0' >&2\nexit 1";
        check(failed, &["could not fetch one==1.0 and two==1.0", "No matching distribution", "a network?", "--from"]);
        let full = "echo 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left' >&2\nexit 1";
        check(full, &["[Errno 28] No space left"]);
        let unforeseen = "printf 'ERROR: Exception:\\nTraceback\\n  File x\\nOSError: No space left\\n' >&2\nexit 2";
        check(unforeseen, &["two==1.0: OSError: No space left"]);
        check("echo \"$0: No module named pip\" >&2\nexit 1", &["has no pip", "--python", "--from"]);
        check("exit 3", &["does not say why"]);
        check("exit 0", &["fetched no `one-1.0-py3-none-any.whl`"]);
        let damaged = format!("{}\nfor w in \"$2\"/*.whl; do echo x >> \"$w\"; done", copying(&folder));
        std::fs::write(folder.path("asked"), "").expect("written");
        check(&damaged, &["the wheel of one 1.0 is damaged", "SHA-256"]);
        let none = Origin::Pip(vec!["no-such-python".into(), "no-such-either".into()]);
        fails(&folder, made.set, &none, &somebody, &["no `no-such-python` or `no-such-either`", "--python", "--from"]);
    }

    /// Whoever stops is not kept waiting, and the program is stopped, too.
    #[test]
    fn a_pip_that_is_interrupted() {
        let (folder, made) = (Folder::new("pip-stops"), made());
        let alive = folder.path("alive");
        let does = format!("echo $$ > '{}'\necho 12345 > \"$TMPDIR/part\"\nexec sleep 600", alive.display());
        let origin = python(&folder, &does);
        std::fs::write(&alive, "").expect("written");
        let stops = Somebody { stops_after: Some(6), ..Somebody::default() };
        fails(&folder, made.set, &origin, &stops, &["interrupted"]);
        let pid = std::fs::read_to_string(&alive).expect("its number");
        let known = std::process::Command::new("kill").args(["-0", pid.trim()]).output().expect("kill");
        assert!(!pid.is_empty() && !known.status.success(), "`{pid}` is alive");
    }
}
