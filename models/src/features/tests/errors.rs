//! Every way a file can be wrong, and the words a user reads then.

use super::*;
use crate::features::{FeatureError, FeatureOptions, MsaFeatures};

fn check(file: &str, bytes: impl AsRef<[u8]>, message: &str) {
    match Alignment::parse(bytes.as_ref(), file) {
        Ok(alignment) => panic!("read as {:?}, not: {message}", written(&alignment)),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}

#[test]
fn a_missing_file() {
    let error = Alignment::read("no/such/family.a3m").expect_err("there is none").to_string();
    assert!(error.starts_with("no/such/family.a3m: cannot read the file: "), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn nothing_to_read() {
    let empty = "x.a3m: line 1: expected an alignment (A3M, aligned FASTA or Stockholm), found an empty file";
    check("x.a3m", "", empty);
    check("x.a3m", "\r\n  \n", empty);
    check("x.a3m", "# a comment\n", "x.a3m: line 1: expected at least one sequence, found none");
    check("x.sto", "# STOCKHOLM 1.0\n//\n", "x.sto: line 1: expected at least one sequence, found none");
}

#[test]
fn no_text() {
    check("x.a3m", b">q\nAC\xffD\n", "x.a3m: line 2: expected text, found byte 0xff at column 3, which is not UTF-8");
    check(
        "x.a3m.gz",
        b"\x1f\x8b\x08\0\0",
        "x.a3m.gz: line 1: expected text, found byte 0x8b at column 2, which is not UTF-8, \
         and the file looks gzipped: unpack it first",
    );
}

#[test]
fn a_sequence_without_a_name() {
    check(
        "x.fasta",
        "\nACDE\n",
        "x.fasta: line 2: expected a `>` name line (A3M, FASTA) or `# STOCKHOLM 1.0` before the first sequence, \
         found `ACDE`",
    );
}

#[test]
fn a_name_without_a_sequence() {
    check("x.a3m", ">q\nAC\n>r\n>t\nAC\n", "x.a3m: line 3: expected a sequence for row `r`, found none");
    check("x.a3m", ">q\nAC\n>r s\n", "x.a3m: line 3: expected a sequence for row `r s`, found none");
    check("x.sto", "# STOCKHOLM 1.0\nq AC\nr\n//\n", "x.sto: line 3: expected a sequence for row `r`, found none");
    check("x.sto", "# STOCKHOLM 1.0\nq *\n//\n", "x.sto: line 2: expected a sequence for row `q`, found none");
}

#[test]
fn an_illegal_letter() {
    let check = |file: &str, text: &str, line: usize, row: &str, letter: &str, column: usize| {
        let expected = format!(
            "{file}: line {line}: expected letters A to Z or gaps (`-`, `.`) in row `{row}`, \
             found `{letter}` at column {column}"
        );
        check(file, text, &expected);
    };
    check("x.a3m", ">q\nACD\n>r\nA1D\n", 4, "r", "1", 2);
    check("x.a3m", ">q\nAC\n éD\n", 3, "q", "é", 2);
    check("x.a3m", ">q\nAC\0D\n", 2, "q", "\\0", 3);
    check("x.a3m", ">q\nA*\nCD\n", 2, "q", "*", 2);
    check("x.sto", "# STOCKHOLM 1.0\nq AC\nr  A?\n//\n", 3, "r", "?", 5);
}

#[test]
fn a_ragged_row() {
    check(
        "x.a3m",
        ">q\nACDE\n>short row\nACxyD\n",
        "x.a3m: line 3: expected 4 aligned columns in row `short row`, as in the query `q`, found 3 \
         (insertions not counted)",
    );
    check(
        "x.fasta",
        ">q\nACDE\n>r\nACDEF\n",
        "x.fasta: line 3: expected 4 aligned columns in row `r`, as in the query `q`, found 5 \
         (are the sequences aligned?)",
    );
    let long = "a/".repeat(40);
    check(
        &format!("{long}x.fasta"),
        ">q\nACDE\n>r\nACD\n",
        &format!(
            "{long}x.fasta: line 3: expected 4 aligned columns in row `r`, as in the query `q`, found 3 \
             (are the sequences aligned?)"
        ),
    );
    check(
        "x.sto",
        "# STOCKHOLM 1.0\nq AC\nr AC\n\nq DE\n//\n",
        "x.sto: line 3: expected 4 aligned columns in row `r`, as in the query `q`, found 2",
    );
}

#[test]
fn a_query_without_residues() {
    check(
        "x.fasta",
        ">q\n--.\n>r\nACD\n",
        "x.fasta: line 1: expected residues in the query (the first row, `q`), found only gaps",
    );
    check(
        "x.a3m",
        ">q\n-acd\n",
        "x.a3m: line 1: expected residues in the query (the first row, `q`), \
         found only gaps and insertions (lower-case letters)",
    );
}

#[test]
fn stockholm_without_head_or_tail() {
    check("x.sto", "q ACDE\n//\n", "x.sto: line 1: expected the header `# STOCKHOLM 1.0`, found `q ACDE`");
    check("x", "#=GF ID a\nq ACDE\n//\n", "x: line 1: expected the header `# STOCKHOLM 1.0`, found `#=GF ID a`");
    check(
        "x.sto",
        "# STOCKHOLM 1.0\n\nq ACDE\nr AC-E\n\n",
        "x.sto: line 4: expected `//` at the end of the alignment, found the end of the file (is it truncated?)",
    );
    check(
        "x.sto",
        "# STOCKHOLM 1.0\nq AC\n//\n# STOCKHOLM 1.0\nq AC\n//\n",
        "x.sto: line 4: expected nothing after `//` (one alignment a file), found `# STOCKHOLM 1.0`",
    );
    check(
        "x.sto",
        "# STOCKHOLM 1.0\nq AC DE\n//\n",
        "x.sto: line 2: expected a name and its aligned letters, found 3 words in `q AC DE`",
    );
}

#[test]
fn features_that_do_not_fit() {
    let alignment = Alignment::parse(b">q\nACDE\n", "x.a3m").expect("valid");
    let none = FeatureOptions { max_seqs: 0, ..FeatureOptions::default() };
    let error = MsaFeatures::from_alignment(&alignment, &none).expect_err("no centre");
    assert_eq!(error.to_string(), "expected max_seqs of at least 1 (the query), found 0");
    let error = FeatureError::TooLarge { array: "msa_feat", shape: "512, 9, 49".to_owned() };
    assert_eq!(error.to_string(), "msa_feat [512, 9, 49] does not fit in memory; lower max_seqs or max_extra");
}
