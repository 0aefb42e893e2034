//! Tests of the whole path from bytes to features.

mod deep;
mod errors;
mod features;
mod formats;
mod mutations;
mod reference;

use super::Alignment;

/// One row, written `letters` or `letters counts`, as in `ACD- 0020`.
fn written(alignment: &Alignment) -> Vec<String> {
    let row = |row: &super::Row| {
        let letters = String::from_utf8_lossy(&row.letters).into_owned();
        match row.deletions().any(|count| count > 0) {
            true => format!("{letters} {}", row.deletions().map(|count| count.to_string()).collect::<String>()),
            false => letters,
        }
    };
    alignment.rows().iter().map(row).collect()
}

/// A small valid file of each format, by name.
const VALID: [(&str, &str); 4] = [
    ("small.a3m", "#A3M#\n>query one\nACDE\nFG\n\n>second\nA-DElkFG\n>third\nmACD..E-G*\n"),
    ("small.fasta", "; comment\r\n>query\r\nAC-DEF*\r\n>second\r\nACW..F-\r\n"),
    (
        "small.sto",
        "# STOCKHOLM 1.0\n#=GF ID small\n#=GS second DE [subseq from] b\n\n\
         query  AC--D\nsecond A-wwD\n#=GR second PP 5.669\n#=GC RF xx..x\n\n\
         query  EF.\nsecond EFg\n//\n",
    ),
    ("small.txt", ">query\nACDE\n>second\nacAC-Ek\n"),
];
