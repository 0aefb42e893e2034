//! A crystal structure (1NCB, chains H and L of an antibody with its antigen N).

use std::path::Path;

use super::scores::near;
use super::*;
use crate::structure::Score;

const CRYSTAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/1ncb.cif");

/// The file, or none where this checkout has no shared folder.
fn load() -> Option<Structure> {
    if !Path::new(CRYSTAL).exists() {
        eprintln!("skipped: no {CRYSTAL}");
        return None;
    }
    Some(Structure::read(CRYSTAL).expect("valid"))
}

#[test]
fn a_crystal_structure_is_read_as_biopython_does() {
    let Some(crystal) = load() else { return };
    let found: Vec<(&str, usize, usize)> =
        crystal.chains.iter().map(|c| (c.id.as_str(), c.amino_acids().count(), c.residues.len())).collect();
    assert_eq!(found, [("N", 389, 457), ("L", 214, 216), ("H", 221, 225), ("A", 0, 6), ("B", 0, 2)]);
    assert_eq!(crystal.num_atoms(), 6594);
    let heavy = crystal.chain("H").expect("a heavy chain").sequence();
    assert!(heavy.starts_with("QIQLVQSGPELKKPGETVKISCKASGYTFTNYGMNWVKQAPGKGLEWMGWINTNTGEPTYGEEFKGRFAFSLETSASTANLQ"));
    let numbers = &crystal.chain("H").expect("a heavy chain").residues;
    let inserted: Vec<String> =
        numbers.iter().filter_map(|r| Some(format!("{}{}", r.number, r.insertion?))).take(4).collect();
    assert_eq!(inserted, ["52A", "82A", "82B", "82C"]);
}

#[test]
fn a_crystal_structure_survives_both_formats() {
    let Some(crystal) = load() else { return };
    let pdb = crystal.to_pdb().expect("narrow");
    let again = Structure::parse(Format::Pdb, pdb.as_bytes(), "x").expect("valid");
    assert_eq!(again, crystal);
    let cif = again.to_cif("1ncb");
    assert_eq!(Structure::parse(Format::Cif, cif.as_bytes(), "x").as_ref(), Ok(&crystal));
}

/// The variable domains, with noise: RMSD by NumPy's singular values, lDDT by biotite, TM-score by SciPy's optimizer.
#[test]
fn a_model_of_the_variable_domains_scores_as_elsewhere() {
    let Some(crystal) = load() else { return };
    let own = Score::of(&crystal, &crystal, &["N", "CA", "C", "O"]).expect("comparable").overall;
    assert!(own.rmsd.expect("atoms") < 1e-9 && own.lddt == Some(1.0) && (own.tm_score - 1.0).abs() < 1e-9);
    let domain = |id: &str, residues: usize| {
        let mut chain = crystal.chain(id).expect("a chain").clone();
        chain.residues.truncate(residues);
        chain
    };
    let model = perturbed(&Structure { chains: vec![domain("H", 113), domain("L", 107)] }, 70);
    let score = Score::of(&model, &crystal, &["N", "CA", "C", "O"]).expect("comparable");
    assert_eq!(score.only_in_target, ["N"]);
    assert_eq!(score.overall.residues, [220, 435, 220]);
    near(&score.chains[0].figures, [2.280738, 0.604108, 0.443340, 0.788401]);
    near(&score.chains[1].figures, [2.222153, 0.618713, 0.438956, 0.798421]);
    near(&score.overall, [2.261701, 0.593108, 0.466527, 0.872401]);
}
