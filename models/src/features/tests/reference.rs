//! The features of a real alignment as OpenFold makes them.

use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use super::*;
use crate::features::{FeatureOptions, MsaFeatures, code};

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/reference/features_1xcr.safetensors");
const ALIGNMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/1xcr_A.uniclust30.a3m");

/// Both files, or none where this checkout has no shared folder.
fn load() -> Option<(Vec<u8>, Alignment)> {
    if !Path::new(REFERENCE).exists() || !Path::new(ALIGNMENT).exists() {
        eprintln!("skipped: no {REFERENCE}");
        return None;
    }
    Some((std::fs::read(REFERENCE).expect("readable"), Alignment::read(ALIGNMENT).expect("valid")))
}

fn floats(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let tensor = file.tensor(name).expect(name);
    assert_eq!(tensor.dtype(), Dtype::F32, "{name}");
    let (values, _) = tensor.data().as_chunks::<4>();
    values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn integers(file: &SafeTensors<'_>, name: &str) -> Vec<i64> {
    let tensor = file.tensor(name).expect(name);
    match tensor.dtype() {
        Dtype::I32 => {
            let (values, _) = tensor.data().as_chunks::<4>();
            values.iter().map(|bytes| i32::from_le_bytes(*bytes).into()).collect()
        }
        Dtype::U8 => tensor.data().iter().map(|byte| (*byte).into()).collect(),
        other => panic!("{name} is {other:?}"),
    }
}

fn near(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let worst = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max);
    assert!(worst <= 1e-6, "{name} is off by {worst}");
}

#[test]
fn the_parsed_rows_are_openfolds() {
    let Some((bytes, alignment)) = load() else {
        return;
    };
    let file = SafeTensors::deserialize(&bytes).expect("valid");
    let mut seen = std::collections::HashSet::new();
    let rows: Vec<_> = alignment.rows().iter().filter(|row| seen.insert(&row.letters)).collect();
    let letters: Vec<i64> = rows.iter().flat_map(|row| &row.letters).map(|letter| code(*letter).into()).collect();
    let deletions: Vec<f32> = rows.iter().flat_map(|row| row.deletions()).map(|count| count as f32).collect();
    assert_eq!((rows.len(), alignment.num_residues()), (251, 313));
    assert_eq!(letters, integers(&file, "in.msa"));
    assert_eq!(deletions, floats(&file, "in.deletion_matrix"));
}

#[test]
fn the_features_are_openfolds() {
    let Some((bytes, alignment)) = load() else {
        return;
    };
    let file = SafeTensors::deserialize(&bytes).expect("valid");
    let options = FeatureOptions { max_seqs: 32, max_extra: 200, ..FeatureOptions::default() };
    let made = MsaFeatures::from_alignment(&alignment, &options).expect("small");
    assert_eq!((made.num_seqs, made.num_extra, made.num_residues), (32, 200, 313));
    let exact = |name: &str, found: Vec<i64>| assert_eq!(found, integers(&file, name), "{name}");
    exact("out.aatype", made.aatype.iter().map(|code| (*code).into()).collect());
    exact("out.extra_msa", made.extra_msa.iter().map(|code| (*code).into()).collect());
    exact("out.extra_cluster_assignment", made.extra_cluster_assignment.iter().map(|index| *index as i64).collect());
    near("msa_feat", &made.msa_feat, &floats(&file, "out.msa_feat"));
    near("target_feat", &made.target_feat, &floats(&file, "out.target_feat"));
    near("extra_has_deletion", &made.extra_has_deletion, &floats(&file, "out.extra_has_deletion"));
    near("extra_deletion_value", &made.extra_deletion_value, &floats(&file, "out.extra_deletion_value"));
}
