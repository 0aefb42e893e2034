//! Files that are damaged, cut or something else.

use super::*;

#[track_caller]
fn check(test: &str, bytes: &[u8], words: &[&str]) {
    let error = converted(test, bytes, None).expect_err(test);
    assert!(error.starts_with("FILE: ") && error.lines().count() == 1, "{error}");
    for word in words {
        assert!(error.contains(word), "{test}: `{word}` is not in: {error}");
    }
}

fn good() -> Vec<u8> {
    checkpoint(Pickle::new().dict("w", Pickle::three))
}

#[test]
fn what_is_no_archive() {
    check("empty", b"", &["no checkpoint of torch", "zip"]);
    check("other", b"hello", &["no checkpoint of torch"]);
    check("legacy", &Pickle::new().end(), &["before version 1.6", "save it again"]);
    check("no_pickle", &archive(&[("a/b", b"c")]), &["no `data.pkl`"]);
    check("two", &archive(&[("a/data.pkl", b"."), ("b/data.pkl", b".")]), &["several `data.pkl`"]);
    let pickle = Pickle::new().dict("w", Pickle::three).end();
    let deflated = packed(&[("m/data.pkl", &pickle)], CompressionMethod::DEFLATE);
    check("deflated", &deflated, &["`data.pkl` is compressed"]);
    let big = archive(&[("m/data.pkl", &pickle), ("m/byteorder", b"big")]);
    check("big", &big, &["big-endian"]);
    check("no_storage", &archive(&[("m/data.pkl", &pickle)]), &["tensor `w`", "no entry `m/data/0`"]);
}

#[test]
fn every_cut_is_seen() {
    let whole = good();
    for length in 0..whole.len() {
        let error = converted("cut", &whole[..length], None).expect_err("cut");
        assert!(error.starts_with("FILE: ") && error.lines().count() == 1, "{length}: {error}");
    }
}

/// Any byte may be anything: no panic, and numbers that differ are never taken for whole.
#[test]
fn every_changed_byte_is_seen_or_does_no_harm() {
    let whole = good();
    let expected = converted("whole", &whole, None).expect("whole");
    for (place, change) in (0..whole.len()).flat_map(|place| [(place, 1), (place, 0x80), (place, 0xff)]) {
        let mut bytes = whole.clone();
        bytes[place] ^= change;
        match converted("changed", &bytes, None) {
            Ok(found) => assert_eq!(found, expected, "byte {place}"),
            Err(error) => assert_eq!(error.lines().count(), 1, "{error}"),
        }
    }
}

/// Every beginning of a pickle, and bytes that are none.
#[test]
fn pickles_that_are_none() {
    let pickle = Pickle::new().dict("w", Pickle::three).end();
    let with = |pickle: &[u8]| archive(&[("m/data.pkl", pickle), ("m/data/0", &floats(&[1.0, 2.0, 3.0]))]);
    for length in 0..pickle.len() {
        check("begun", &with(&pickle[..length]), &["pickle"]);
    }
    check("code", &with(b"\x80\x02S'text'\n."), &["0x53 at byte 2"]);
    check("protocol", &with(b"\x80\x09."), &["protocol 9"]);
    check("nothing", &with(b"\x80\x02."), &["takes a value, but the stack is empty"]);
    check("memo", &with(b"\x80\x02h\x05."), &["stored value 5 before there is one"]);
    check("long", &with(b"\x80\x02X\xff\xff\xff\xff."), &["ends too early"]);
    check("longer", &with(b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), &["ends too early"]);
    check("latin", &with(b"\x80\x02X\x01\0\0\0\xe9."), &["not UTF-8"]);
    check("append", &with(b"\x80\x02}Na."), &["appends to a dictionary, expected a list"]);
    check("items", &with(b"\x80\x02](NNu."), &["sets items of a list, expected a dictionary"]);
    check("odd", &with(b"\x80\x02}(Nu."), &["a key without a value"]);
    check("persistent", &with(b"\x80\x02NQ."), &["persistent id"]);
    check("plain", &with(b"\x80\x02N."), &["it is a plain value, expected a dictionary"]);
    check("list", &with(b"\x80\x02]."), &["it is a list"]);
    check("no_tensors", &with(b"\x80\x02}."), &["holds no tensors"]);
}

#[test]
fn keys_that_are_not_there() {
    let two = Pickle::new().raw(b"}(").text("a").dict("w", Pickle::three).text("b").dict("w", Pickle::three).raw(b"u");
    let bytes = checkpoint(two);
    check("several", &bytes, &["tensors in several places", "--key", "`a`, `b`"]);
    let error = converted("missing", &bytes, Some("c")).expect_err("missing");
    assert!(error.contains("no entry `c`; there are `a`, `b`"), "{error}");
    assert!(TorchFile::open("no/such/file.pt", None).expect_err("missing").to_string().contains("cannot be opened"));
    assert!(TorchFile::open(".", None).expect_err("a directory").to_string().contains("is a directory"));
}
