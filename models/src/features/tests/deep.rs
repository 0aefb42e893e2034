//! Alignments read from files a row at a time give what those in memory give.

use std::fmt::Write;
use std::path::Path;

use super::*;
use crate::features::{FeatureOptions, MsaRows};

/// Rows that are read from a file, in the ways that they can be chosen, against those of the alignment in memory.
fn check(name: &str, text: &str) {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    let alignment = Alignment::parse(text.as_bytes(), &path.to_string_lossy()).expect("valid");
    for (max_seqs, max_extra) in [(1, 0), (2, 1), (3, 100), (512, 1024)] {
        for (sample_seed, mask_seed) in [(None, None), (Some(1), None), (None, Some(2)), (Some(3), Some(4))] {
            let options = FeatureOptions { max_seqs, max_extra, sample_seed, mask_seed };
            let expected = MsaRows::from_alignment(&alignment, &options).expect("small");
            assert_eq!(MsaRows::read(&path, &options).expect("valid"), expected, "{name}: {options:?}");
        }
    }
}

#[test]
fn a_file_gives_what_its_text_gives() {
    VALID.iter().for_each(|(file, text)| check(file, text));
    let many = |row: &dyn Fn(&mut String, usize)| {
        let mut text = String::new();
        (0..600).for_each(|k| row(&mut text, k));
        text
    };
    let letters = |k: usize| -> String { (0..40).map(|c| b"ACDEFGHIKL"[(k * (c + 3) / 7 + c) % 10] as char).collect() };
    // Every third row is a copy, and some have insertions.
    let a3m = |text: &mut String, k: usize| {
        let letters = letters(k / 3 * 2);
        let inserted = if k % 5 == 4 { "wwv" } else { "" };
        writeln!(text, ">row {k}\n{}{inserted}{}", &letters[..k % 40], &letters[k % 40..]).expect("text");
    };
    check("many.a3m", &many(&a3m));
    let block = |from: usize, to: usize| {
        many(&|text, k| writeln!(text, "row{k}  {}", &letters(k / 2)[from..to]).expect("text"))
    };
    check("many.sto", &format!("# STOCKHOLM 1.0\n{}\n{}//\n", block(0, 17), block(17, 40)));
}

#[test]
fn a_file_that_is_wrong_is_refused_as_its_text_is() {
    let folder = tempfile::tempdir().expect("a directory");
    for (name, text) in [
        ("ragged.a3m", ">q\nACDE\n>r\nACxyD\n"),
        ("late.sto", "# STOCKHOLM 1.0\nq AC\nr AC\n\nq DE\n//\n"),
        ("cut.sto", "# STOCKHOLM 1.0\nq AC\n"),
        ("empty.a3m", "\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        let expected = Alignment::parse(text.as_bytes(), &path.to_string_lossy()).expect_err(name).to_string();
        let error = MsaRows::read(&path, &FeatureOptions::default()).expect_err(name).to_string();
        assert_eq!(error, expected);
    }
    let error = MsaRows::read(Path::new("no/such.a3m"), &FeatureOptions::default()).expect_err("missing").to_string();
    assert!(error.starts_with("no/such.a3m: cannot read the file: "), "{error}");
}
