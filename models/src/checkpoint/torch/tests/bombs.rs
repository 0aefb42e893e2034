//! Small files that stand for something large: each costs no more than a small multiple of its bytes.

use std::time::{Duration, Instant};

use super::*;

/// What a file of few bytes may take, in a build that is not optimized; before there were limits it was minutes.
const SOON: Duration = Duration::from_secs(20);

#[track_caller]
fn check(test: &str, pickle: Pickle, words: &[&str]) {
    let began = Instant::now();
    let error = converted(test, &checkpoint(pickle), None).expect_err(test);
    assert!(error.starts_with("FILE: ") && error.lines().count() == 1, "{error}");
    for word in words {
        assert!(error.contains(word), "{test}: `{word}` is not in: {error}");
    }
    assert!(began.elapsed() < SOON, "{test}: {:?}", began.elapsed());
}

/// An empty tensor of as many axes as there may be.
fn wide(pickle: Pickle) -> Pickle {
    let mut extents = [1; 64];
    extents[0] = 0;
    pickle.tensor(("FloatStorage", "0", 3), 0, &extents, &[1; 64])
}

/// Each dictionary names the one below four times: 4^15 names of a tensor, each as long as all of them are deep.
#[test]
fn shared_dictionaries_do_not_multiply() {
    let shared = (0..15).fold(Pickle::new().dict("w", wide).raw(b"q\0"), |pickle, _| {
        let twice = pickle.raw(b"}(").text("a").raw(b"h\0").text("b").raw(b"h\0").text("c").raw(b"h\0");
        twice.text("d").raw(b"h\0uq\0")
    });
    let shared = shared.raw(b"0}").text("state_dict").raw(b"h\0s");
    let bytes = shared.clone().end().len();
    assert!(bytes < 2000, "{bytes}");
    check("shared", shared, &["too many dictionaries inside each other", "entries in its pickle"]);
}

/// One dictionary named a few times is no bomb: an average beside the model, say.
#[test]
fn a_dictionary_may_have_two_names() {
    let twice = Pickle::new().dict("w", wide).raw(b"q\0}(").text("a").raw(b"h\0").text("b").raw(b"h\0u");
    let beside = twice.raw(b"q\x010}").text("state_dict").raw(b"h\x01s");
    let found = converted("two_names", &checkpoint(beside), None).expect("no bomb");
    assert!(found.starts_with("a.w [0, 1, 1") && found.lines().count() == 2, "{found}");
}

#[test]
fn long_names_are_not_copied_again_and_again() {
    // One key of a million letters, that of dictionaries inside each other and of their entries.
    let long = "k".repeat(1 << 20);
    let keys = Pickle::new().text(&long).raw(b"q\x010").raw(b"}(");
    let entries = (0..1000).fold(keys, |pickle, k| pickle.text(&k.to_string()).raw(b"}h\x01Ns"));
    check("keys", entries.raw(b"u"), &["names of its tensors would take more than"]);
    let module = Pickle::new().text(&long).raw(b"q\x01").text("Class");
    check("module", module.raw(b"\x93)R."), &["has a name of 1048576 characters in its pickle, expected at most 1024"]);
}

#[test]
fn what_is_named_often_is_looked_at_once() {
    // A list of a hundred thousand numbers under as many names.
    let list = Pickle::new().raw(b"](").raw(&b"K\x01".repeat(100_000)).raw(b"eq\x010}(");
    let names = (0..100_000).fold(list, |pickle, k| pickle.text(&k.to_string()).raw(b"h\x01"));
    let began = Instant::now();
    let found = converted("list", &checkpoint(names.text("w").three().raw(b"u")), None);
    assert_eq!(found, Ok("w [3] [1.0, 2.0, 3.0]\n".into()));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn values_that_are_not_kept_have_limits_too() {
    let many = 5 << 20;
    check("marks", Pickle::new().raw(&vec![b'('; many]), &["more than 4194304 values"]);
    check("stack", Pickle::new().raw(&vec![b'N'; many]), &["more than 4194304 values"]);
    check("memo", Pickle(vec![0x80, 4, b'N']).raw(&vec![0x94; many]), &["more than 4194304 values"]);
}
