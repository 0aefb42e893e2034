//! What is read of files in which nothing is wrong.

use super::*;

#[track_caller]
fn check(format: Format, text: &str, expected: &[&str]) {
    let structure = Structure::parse(format, text.as_bytes(), "x").expect("valid");
    assert_eq!(written(&structure), expected);
}

#[test]
fn pdb_records() {
    let text = [
        "HEADER    M\u{fc}ller\n",
        "ATOM      1  N   ALA A   1      11.104   6.134  -6.504  0.50 49.03           N\r\n",
        "ATOM      2  CA  ALA A   1      12.000   6.134  -6.504\n",
        "ATOM      3 HG11 VAL A  -2A     13.000   6.134  -6.504\n",
        "TER\n",
        "HETATM    4 CA    CA A 301      14.000   6.134  -6.504  1.00  0.00\n",
        "HETATM    5  O   HOH B1001      15.000   6.134  -6.504  1.00  0.00\n",
        "END\n",
    ];
    let expected = [
        "A1 ALA N N 11.104 0.5 49.03",
        "A1 ALA CA C 12 1 0",
        "A-2A VAL HG11 H 13 1 0",
        "A301 CA* CA CA 14 1 0",
        "B1001 HOH* O O 15 1 0",
    ];
    check(Format::Pdb, &text.concat(), &expected);
}

#[test]
fn the_first_model_is_read() {
    let model = |k: usize| format!("MODEL {k}\n{}ENDMDL\n", record(k, "CA", "GLY", "A 1"));
    check(Format::Pdb, &(model(1) + &model(2)), &["A1 GLY CA C 1 1 0"]);
}

/// Location, residue name, occupancy and x of atoms at one place.
fn alternates(atoms: &[(&str, &str, &str, f64)]) -> String {
    let line = |(location, residue, occupancy, x): &(&str, &str, &str, f64)| {
        format!(
            "ATOM      1  CA {location:1}{residue} A   1    {x:8.3}   2.000   3.000  {occupancy}  0.00           C\n"
        )
    };
    atoms.iter().map(line).collect()
}

#[test]
fn the_location_of_highest_occupancy_is_kept() {
    let check = |atoms: &[(&str, &str, &str, f64)], expected: &str| check(Format::Pdb, &alternates(atoms), &[expected]);
    check(&[("A", "SER", "0.40", 1.0), ("B", "SER", "0.60", 2.0)], "A1 SER CA C 2 0.6 0");
    check(&[("A", "SER", "0.50", 1.0), ("B", "SER", "0.50", 2.0)], "A1 SER CA C 1 0.5 0");
    check(&[("A", "SER", "0.40", 1.0), ("B", "THR", "0.60", 2.0)], "A1 THR CA C 2 0.6 0");
    check(&[("A", "SER", "0.60", 1.0), ("B", "THR", "0.40", 2.0)], "A1 SER CA C 1 0.6 0");
}

/// A table of atoms with the columns that are needed and one more.
fn table(column: &str, rows: &str) -> String {
    let needed = "group_PDB label_atom_id label_comp_id auth_asym_id auth_seq_id Cartn_x Cartn_y Cartn_z";
    let columns: String = needed.split(' ').chain([column]).map(|c| format!("_atom_site.{c}\n")).collect();
    format!("data_x\n_entry.id x\nloop_\n{columns}{rows}\n#\n")
}

#[test]
fn cif_tables() {
    let check = |column, rows: &str, expected: &[&str]| check(Format::Cif, &table(column, rows), expected);
    check("occupancy", "ATOM CA ALA H 12 1.5 2 3 0.5", &["H12 ALA CA  1.5 0.5 0"]);
    check("B_iso_or_equiv", "HETATM \"O5'\" 'U' AAA -1 1.5 2\n3 ?", &["AAA-1 U* O5'  1.5 1 0"]);
    check(
        "pdbx_PDB_ins_code",
        "ATOM CA ALA H 52 1 2 3 ? ATOM CA ALA H 52 4 2 3 A",
        &["H52 ALA CA  1 1 0", "H52A ALA CA  4 1 0"],
    );
    check("pdbx_PDB_model_num", "ATOM CA ALA H 1 1 2 3 7\nATOM CA ALA H 1 9 2 3 8", &["H1 ALA CA  1 1 0"]);
    check("label_alt_id", "ATOM CA ALA H 1 1 2 3 A\nATOM CA ALA H 1 9 2 3 B", &["H1 ALA CA  1 1 0"]);
    check(
        "x",
        "ATOM CA\n;ALA\n; H 1 1 2 3 'a b' # a comment\nATOM N \"?\" H 2 1 2 3 loop_x",
        &["H1 ALA CA  1 1 0", "H2 ? N  1 1 0"],
    );
}

#[test]
fn cif_tables_stand_among_others() {
    let text = "# a comment with _atom_site.id\ndata_x\nloop_\n_a.b\n_a.c\n'_atom_site.id' 2 loop_ _d.e 3\n\
                _f.g\n;text\n_atom_site.id\n;\n";
    let rows = table("x", "ATOM CA ALA H 1 1 2 3 4").replace("data_x\n", "");
    check(Format::Cif, &format!("{text}{rows}data_second\n{rows}"), &["H1 ALA CA  1 1 0"]);
}

#[test]
fn author_columns_come_first_and_label_columns_do() {
    let head = "data_x\nloop_\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n_atom_site.label_asym_id\n\
                _atom_site.label_seq_id\n_atom_site.label_comp_id\n_atom_site.auth_atom_id\n";
    check(Format::Cif, &format!("{head}1 2 3 A 7 ALA CA\n"), &["A7 ALA CA  1 1 0"]);
    let both = format!("{head}_atom_site.auth_asym_id\n_atom_site.auth_seq_id\n1 2 3 A 7 ALA CA H 9\n");
    check(Format::Cif, &both, &["H9 ALA CA  1 1 0"]);
}

#[test]
fn chains_are_gathered_and_proteins_told_apart() {
    let protein = record(1, "N", "MSE", "A 1") + &record(2, "CA", "MSE", "A 1") + &record(3, "C", "MSE", "A 1");
    let text = protein.replace("ATOM  ", "HETATM")
        + &record(4, "CA", "TRP", "B 1")
        + &record(5, "CA", "UNK", "A 2")
        + &record(6, "CA", "CA", "A 3").replace("ATOM  ", "HETATM");
    let structure = Structure::parse(Format::Pdb, text.as_bytes(), "x").expect("valid");
    let sequences: Vec<String> = structure.chains.iter().map(|c| format!("{} {}", c.id, c.sequence())).collect();
    assert_eq!(sequences, ["A MX", "B W"]);
    assert_eq!((structure.num_atoms(), structure.chain("B").map(|c| c.residues.len())), (6, Some(1)));
    assert_eq!(structure.chain("C"), None);
}
