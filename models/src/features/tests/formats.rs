//! Every format, and every liberty its files take.

use super::*;
use crate::features::Format;

fn check(file: &str, text: &str, rows: &[&str]) {
    match Alignment::parse(text.as_bytes(), file) {
        Ok(alignment) => assert_eq!(written(&alignment), rows, "{file}: {text:?}"),
        Err(error) => panic!("{text:?}: {error}"),
    }
}

#[test]
fn a3m_counts_lower_case_letters_before_a_column() {
    check("x.a3m", ">q\nACDE\n>r\nAxCyzDE\n>t\nkACDEmm\n", &["ACDE", "ACDE 0120", "ACDE 1000"]);
}

#[test]
fn a3m_drops_pads_and_keeps_gaps() {
    check("x.a3m", ">q\nAC..DE\n>r\nA-wyD-\n", &["ACDE", "A-D- 0020"]);
}

#[test]
fn a3m_takes_out_columns_where_the_query_has_a_gap() {
    check("x.a3m", ">q\nAC-D\n>r\nACwWD\n>t\nAC--\n", &["ACD", "ACD 002", "AC-"]);
}

#[test]
fn a3m_passes_over_annotation_rows() {
    let text = ">ss_pred PSIPRED\nCHHE\n>ss_conf\n9998\n>q\nACDE\n>sa_dssp 1abc\n0123?\n>r\nAC-E\n";
    check("x.a3m", text, &["ACDE", "AC-E"]);
}

#[test]
fn fasta_columns_are_columns_whatever_the_case() {
    check("x.fasta", ">q\nAC-de\n>r\naCWd.\n>t\nA-www\n", &["ACDE", "ACD- 0010", "A-WW 0010"]);
}

#[test]
fn ragged_rows_with_insertions_are_a3m_under_any_name() {
    check("x.fas", ">q\nACDE\n>r\nAxyCDE\n", &["ACDE", "ACDE 0200"]);
    check("no extension", ">q\nACDE\n>r\nACDEx\n", &["ACDE", "ACDE"]);
}

#[test]
fn stockholm_letters_under_a_query_gap_are_insertions() {
    let text = "# STOCKHOLM 1.0\nq A-C..DE-\nr Av-wwDEx\nt A-C.y--~\n//\n";
    check("x.sto", text, &["ACDE", "A-DE 0120", "AC-- 0010"]);
}

#[test]
fn stockholm_blocks_and_markup() {
    let [_, _, (file, text), _] = VALID;
    check(file, text, &["ACDEF", "A-DEF 00200"]);
    check("found by content", text, &["ACDEF", "A-DEF 00200"]);
    check("no blank.STK", "# STOCKHOLM 1.0\nq AC\nr AW\nq DE\nr D_\n//\n\n", &["ACDE", "AWD-"]);
}

#[test]
fn lines_may_end_anyhow_and_break_anywhere() {
    let rows = &["ACDE", "A-DE 0010"];
    check("x.a3m", "\u{feff}>q\r\nAC\r\n\r\nDE\r\n>r\r\nA-x\r\nDE", rows);
    check("x.a3m", "# note\n;note\n\n>q\n A C\tD E \n# inside\n>r\nA-xDE\n\n\n", rows);
}

#[test]
fn a_closing_star_is_no_residue() {
    check("x.a3m", ">q\nACDE*\n>r\nAC-E\n", &["ACDE", "AC-E"]);
    check("x.fa", ">q\nACDE*\n>r\nAC-E*\n", &["ACDE", "AC-E"]);
    check("x.fa", ">q\nACDE\n>r\nAC-E*\n", &["ACDE", "AC-E"]);
    check("x.fa", ">q\nACD*\n>r\nAC-E\n", &["ACD", "AC-"]);
    check("x.fa", ">q\nACDE\n>r\nACD*\n", &["ACDE", "ACD-"]);
}

#[test]
fn every_letter_of_the_alphabet_is_read() {
    check("x.a3m", ">q\nBJOUXZ\n>r\nABCDEF\n", &["BJOUXZ", "ABCDEF"]);
}

#[test]
fn names_are_kept() {
    let names = |text: &str, file: &str| -> Vec<String> {
        let alignment = Alignment::parse(text.as_bytes(), file).expect("valid");
        alignment.rows().iter().map(|row| row.name.clone()).collect()
    };
    let [(a3m, text), _, (sto, blocks), _] = VALID;
    assert_eq!(names(text, a3m), ["query one", "second", "third"]);
    assert_eq!(names(blocks, sto), ["query", "second [subseq from] b"]);
    assert_eq!(names(">\nAC\n", "x.a3m"), [""]);
}

#[test]
fn a_format_can_be_demanded() {
    let text = b">q\nACDE\n>r\nAcDE\n";
    let parse = |format| Alignment::parse_as(format, text, "stdin").map(|alignment| written(&alignment));
    assert_eq!(parse(Format::Fasta), Ok(vec!["ACDE".to_owned(), "ACDE".to_owned()]));
    assert!(parse(Format::A3m).is_err_and(|error| error.to_string().contains("found 3")));
}

#[test]
fn the_example_is_a_family() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/ribosomal_protein_s6.a3m");
    let alignment = Alignment::read(path).expect("the example is valid");
    assert_eq!((alignment.num_rows(), alignment.num_residues()), (52, 139));
    for row in alignment.rows() {
        let parts: Vec<&str> = row.name.split('|').collect();
        let &[source, accession, entry] = parts.as_slice() else { panic!("{}", row.name) };
        assert!(["sp", "tr"].contains(&source) && accession.len() >= 6, "{}", row.name);
        assert!(entry.contains(" OS="), "{}", row.name);
    }
}
