//! Structures written, and read again.

use std::path::PathBuf;

use super::*;

/// Two chains of odd names and numbers, a ligand, and an error for each residue.
fn sample() -> Structure {
    let mut structure = Structure { chains: vec![helix("H", 3, 1), helix("l", 2, 2)] };
    structure.chains[0].residues[1].number = 52;
    structure.chains[0].residues[2].number = 52;
    structure.chains[0].residues[2].insertion = Some('A');
    structure.chains[1].residues[0].number = -7;
    let atom = Atom { name: "O5'".into(), element: "O".into(), occupancy: 0.25, ..Atom::default() };
    let atoms = vec![atom, Atom { name: "FE".into(), element: "FE".into(), occupancy: 1.0, ..Atom::default() }];
    structure.chains[0].residues.push(Residue {
        number: 301,
        name: "HEM".into(),
        hetero: true,
        atoms,
        insertion: None,
    });
    for (k, residue) in structure.chains.iter_mut().flat_map(|chain| &mut chain.residues).enumerate() {
        residue.set_b_factor(0.25 + k as f64);
    }
    // As many digits as are written.
    for atom in structure.chains.iter_mut().flat_map(|c| &mut c.residues).flat_map(|r| &mut r.atoms) {
        atom.position = atom.position.map(|x| (x * 1000.0).round() / 1000.0);
    }
    structure
}

#[test]
fn what_is_written_is_read() {
    let structure = sample();
    let pdb = structure.to_pdb().expect("narrow");
    assert_eq!(Structure::parse(Format::Pdb, pdb.as_bytes(), "x").as_ref(), Ok(&structure));
    let cif = structure.to_cif("some name");
    assert_eq!(Structure::parse(Format::Cif, cif.as_bytes(), "x").as_ref(), Ok(&structure));
}

#[test]
fn pdb_columns_are_the_formats() {
    let text = sample().to_pdb().expect("narrow");
    let lines: Vec<&str> = text.lines().collect();
    let expected = [
        (1, "ATOM      2  CA  HIS H   1       2.300   0.000   0.000  1.00  0.25           C"),
        (10, "ATOM     11  C   "),
        (12, "TER      13      "),
        (13, "HETATM   14  O5' HEM H 301       0.000   0.000   0.000  0.25  3.25           O"),
        (14, "HETATM   15 FE   HEM H 301       0.000   0.000   0.000  1.00  3.25          FE"),
        (24, "END"),
    ];
    for (line, start) in expected {
        assert!(lines[line].starts_with(start), "{}", lines[line]);
    }
    assert_eq!(&lines[10][21..28], "H  52A ");
    assert_eq!(lines.len(), 25);
}

#[test]
fn cif_words_are_quoted_where_they_must_be() {
    let mut structure = sample();
    structure.chains[1].id = "loop_1".into();
    structure.chains[0].id = "_a 'b".into();
    structure.chains[0].residues[0].name = "\"x'".into();
    let cif = structure.to_cif("");
    assert!(cif.starts_with("data_\n#\n_entry.id ?\n"), "{cif}");
    let read = Structure::parse(Format::Cif, cif.as_bytes(), "x").expect("valid");
    assert_eq!(read, structure);
}

#[test]
fn what_is_too_wide_for_pdb_is_refused() {
    let check = |change: &dyn Fn(&mut Chain), words: &str| {
        let mut structure = sample();
        change(&mut structure.chains[0]);
        let error = structure.to_pdb().expect_err(words).to_string();
        assert_eq!(error, format!("does not fit the PDB format: {words}; write mmCIF (.cif)"));
    };
    check(&|chain| chain.id = "AA".into(), "chain `AA`");
    check(&|chain| chain.residues[0].number = 10_000, "residue number 10000");
    check(&|chain| chain.residues[0].number = -1000, "residue number -1000");
    check(&|chain| chain.residues[0].name = "LONG".into(), "residue name `LONG`");
    check(&|chain| chain.residues[0].name = "A\nB".into(), "residue name `A\\nB`");
    check(&|chain| chain.residues[0].atoms[0].name = "H\u{e9}".into(), "atom name `H\u{e9}`");
    check(&|chain| chain.residues[0].atoms[0].element = "XYZ".into(), "element `XYZ`");
    check(&|chain| chain.residues[0].atoms[0].position[1] = 10_000.0, "coordinate 10000");
    check(&|chain| chain.residues[0].atoms[0].b_factor = 1000.0, "B-factor 1000");
    check(&|chain| chain.residues[0].atoms[0].occupancy = f64::NAN, "occupancy NaN");
    let mut many = helix("A", 1, 1);
    let residue = many.residues[0].clone();
    many.residues = (0..30_000).map(|k| Residue { number: k % 9999, ..residue.clone() }).collect();
    let error = Structure { chains: vec![many] }.to_pdb().expect_err("many").to_string();
    assert!(error.contains("more than 99999"), "{error}");
}

#[test]
fn files_are_whole_or_not_there() {
    let folder: PathBuf = std::env::temp_dir().join(format!("crease-structure-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("made");
    let structure = sample();
    for name in ["a.pdb", "a.cif"] {
        structure.write(folder.join(name)).expect("written");
        assert_eq!(Structure::read(folder.join(name)).as_ref(), Ok(&structure), "{name}");
    }
    let mut wide = structure.clone();
    wide.chains[0].id = "AA".into();
    let fail = |name: &str| wide.write(folder.join(name)).expect_err(name).to_string();
    assert!(fail("a.pdb").ends_with("a.pdb: does not fit the PDB format: chain `AA`; write mmCIF (.cif)"));
    assert!(fail("a.txt").contains("unknown file type"));
    assert!(fail("nowhere/a.cif").contains("nowhere/a.cif: cannot be written: there is no directory"));
    // What was there before is still whole.
    assert_eq!(Structure::read(folder.join("a.pdb")).as_ref(), Ok(&structure));
    let left = std::fs::read_dir(&folder).expect("a directory").count();
    std::fs::remove_dir_all(&folder).expect("removed");
    assert_eq!(left, 2);
}
