//! Every way a file can be wrong, and the words a user reads then.

use super::*;
use crate::structure::{Score, ScoreError};

#[track_caller]
fn check(format: Format, text: &str, message: &str) {
    match Structure::parse(format, text.as_bytes(), "x") {
        Ok(structure) => panic!("read as {:?}, not: {message}", written(&structure)),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}

#[test]
fn files_that_are_not_read() {
    let check = |path: &str, words: &str| {
        let error = Structure::read(path).expect_err(path).to_string();
        assert!(error.contains(words) && error.lines().count() == 1, "{error}");
    };
    check("no/such/file.pdb", "no/such/file.pdb: cannot read the file: ");
    check("/", "it is a directory");
    check(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "unknown file type, expected a name that ends in .pdb");
    assert!(Format::of("a.cif.gz").expect_err("gz").to_string().ends_with(".mmcif (unpack it first)"));
    assert_eq!([Format::of("A.PDB"), Format::of("b.mmcif")], [Ok(Format::Pdb), Ok(Format::Cif)]);
}

#[test]
fn no_atoms() {
    check(Format::Pdb, "", "x: expected atoms (records `ATOM` or `HETATM`), found none");
    check(Format::Pdb, "REMARK ATOM\n", "x: expected atoms (records `ATOM` or `HETATM`), found none");
    check(Format::Cif, "data_x\nloop_\n_a.b\n1\n", "x: expected atoms (a table `_atom_site`), found none");
}

#[test]
fn pdb_records_that_are_wrong() {
    let good = record(1, "CA", "GLY", "A 1");
    let check = |text: &str, message: &str| check(Format::Pdb, &format!("{good}{text}"), message);
    let second = record(2, "CA", "GLY", "A 2");
    check(
        &second[..50],
        "x: line 2: expected coordinates in columns 31 to 54, found a record of 50 columns (is it truncated?)",
    );
    check(
        "ATOM\n",
        "x: line 2: expected coordinates in columns 31 to 54, found a record of 4 columns (is it truncated?)",
    );
    let changed = |column: usize, text: &str| {
        let mut line = second.clone();
        line.replace_range(column - 1..column - 1 + text.len(), text);
        line
    };
    check(&changed(31, "  1.2x  "), "x: line 2: expected a number in columns 31 to 38 (x), found `1.2x`");
    check(&changed(39, "     NaN"), "x: line 2: expected a number in columns 39 to 46 (y), found `NaN`");
    check(&changed(47, "    1e99"), "x: line 2: expected a number in columns 47 to 54 (z), found `1e99`");
    check(&changed(55, "  one "), "x: line 2: expected a number in columns 55 to 60 (occupancy), found `one`");
    check(&changed(61, "   -  "), "x: line 2: expected a number in columns 61 to 66 (B-factor), found `-`");
    check(
        &changed(23, "A000"),
        "x: line 2: expected a whole number in columns 23 to 26 (residue number), found `A000`",
    );
    check(&changed(13, "    "), "x: line 2: expected an atom's name in columns 13 to 16, found ``");
    check(&changed(13, " \u{e9} "), "x: line 2: expected only ASCII characters in the record of an atom");
    check(&good, "x: line 2: atom `CA` of residue GLY A 1 stands in the file twice");
}

#[test]
fn cif_tables_that_are_wrong() {
    let table = |columns: &[&str], rows: &str| {
        let columns: String = columns.iter().map(|c| format!("_atom_site.{c}\n")).collect();
        format!("data_x\nloop_\n{columns}{rows}")
    };
    const ALL: [&str; 7] =
        ["label_atom_id", "label_comp_id", "auth_asym_id", "auth_seq_id", "Cartn_x", "Cartn_y", "Cartn_z"];
    let rows = |rows: &str, message: &str| check(Format::Cif, &table(&ALL, rows), message);
    rows(
        "CA ALA A 1 1 2 3\nCA ALA A 2 1\n",
        "x: line 11: expected 7 values in a row of the table of atoms, found 5 (is it truncated?)",
    );
    rows("CA ALA A 1 1 2 z\n", "x: line 10: expected a number in column Cartn_z, found `z`");
    rows("CA ALA A 1 ? 2 3\n", "x: line 10: expected a number in column Cartn_x, found `?`");
    rows("CA ALA A . 1 2 3\n", "x: line 10: expected a residue number in column auth_seq_id, found `.`");
    rows("CA ALA A 1.5 1 2 3\n", "x: line 10: expected a whole number in column auth_seq_id, found `1.5`");
    rows("? ALA A 1 1 2 3\n", "x: line 10: expected an atom's name in column label_atom_id, found `.`");
    rows("CA ALA . 1 1 2 3\n", "x: line 10: expected a chain in column auth_asym_id, found `.`");
    rows(
        "CA ALA A 1 1 2 3\nCA 'ALA A\n",
        "x: line 11: expected a quote at the end of a text, found the end of the line",
    );
    rows(
        "CA ALA A 1 1 2 3\nCA\n;ALA\n",
        "x: line 12: expected a line that begins with `;` at the end of a text, found the end of the file",
    );
    for (missing, column) in [
        (0, "label_atom_id"),
        (1, "label_comp_id"),
        (2, "auth_asym_id"),
        (3, "auth_seq_id"),
        (4, "Cartn_x"),
        (5, "Cartn_y"),
        (6, "Cartn_z"),
    ] {
        let left: Vec<&str> = (0..7).filter(|k| *k != missing).map(|k| ALL[k]).collect();
        let message = format!("x: line 2: expected a column `{column}` in the table of atoms, found none");
        check(Format::Cif, &table(&left, "1\n"), &message);
    }
    let code = table(&[&ALL[..], &["pdbx_PDB_ins_code"]].concat(), "CA ALA A 1 1 2 3 AB\n");
    check(Format::Cif, &code, "x: line 11: expected one character in column pdbx_PDB_ins_code, found `AB`");
    let twice = "CA ALA A 1 1 2 3\nCA ALA A 1 1 2 3\n";
    rows(twice, "x: line 11: atom `CA` of residue ALA A 1 stands in the file twice");
}

/// Any cut and any changed byte: a structure or one line, never a panic.
#[test]
fn damaged_files_do_no_harm() {
    let structure = Structure { chains: vec![helix("A", 3, 1), helix("B", 2, 2)] };
    let (pdb, cif) = (structure.to_pdb().expect("narrow"), structure.to_cif("x"));
    for (format, text) in [(Format::Pdb, pdb), (Format::Cif, cif)] {
        let check = |bytes: &[u8]| {
            if let Err(error) = Structure::parse(format, bytes, "x") {
                assert_eq!(error.to_string().lines().count(), 1, "{error}");
            }
        };
        for place in 0..text.len() {
            check(&text.as_bytes()[..place]);
            for byte in [b'\n', b'\'', b';', b'_', b'#', 0, 0xc3] {
                let mut bytes = text.clone().into_bytes();
                bytes[place] = byte;
                check(&bytes);
            }
        }
    }
}

#[test]
fn structures_that_cannot_be_compared() {
    let protein = |id: &str, seed| Structure { chains: vec![helix(id, 40, seed)] };
    let water = Structure::parse(Format::Pdb, record(1, "O", "HOH", "A 1").as_bytes(), "x").expect("valid");
    let check = |model: &Structure, target: &Structure, message: &str| {
        let found: Result<Score, ScoreError> = Score::of(model, target, &["CA"]);
        assert_eq!(found.expect_err("nothing to compare").to_string(), message);
    };
    check(&water, &protein("A", 1), "expected amino acids in the model, found none");
    check(&protein("A", 1), &water, "expected amino acids in the target, found none");
    let mut two = protein("A", 2);
    two.chains.push(helix("B", 40, 3));
    check(
        &protein("M", 1),
        &two,
        "no matching chain: chain M of the model and chains A, B of the target have less than 30 % of their residues \
         in common",
    );
}
