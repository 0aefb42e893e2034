//! The features of alignments small enough to check by hand.

use super::*;
use crate::features::{CODES, FeatureOptions, GAP, MASKED, MSA_FEAT, MsaFeatures, TARGET_FEAT, UNKNOWN, code};

/// Ten residues, one change a row; the last row repeats the first.
const TEN: &str = ">q\nACDEFGHIKL\n>a\nWCDEFGHIKL\n>b\nAWDEFGHIKL\n>c\nACWEFGHIKL\n>d\nACDWFGHIKL\n>e\nACDEWGHIKL\n\
                   >f\nACDEFWHIKL\n>g\nACDEFGWIKL\n>h\nACDEFGHWKL\n>again\nACDEFGHIKL\n";

fn features(text: &str, options: &FeatureOptions) -> MsaFeatures {
    let alignment = Alignment::parse(text.as_bytes(), "x.a3m").expect("valid");
    MsaFeatures::from_alignment(&alignment, options).expect("small")
}

fn first(max_seqs: usize, max_extra: usize) -> FeatureOptions {
    FeatureOptions { max_seqs, max_extra, ..FeatureOptions::default() }
}

#[test]
fn a_lone_query() {
    let lone = features(">q\nAX\n", &FeatureOptions::default());
    assert_eq!((lone.num_seqs, lone.num_extra, lone.num_residues), (1, 0, 2));
    assert_eq!((lone.msa_feat.len(), lone.target_feat.len()), (2 * MSA_FEAT, 2 * TARGET_FEAT));
    assert_eq!((lone.aatype, lone.residue_index), (vec![0, UNKNOWN], vec![0, 1]));
    assert_eq!(lone.target_feat.iter().sum::<f32>(), 2.0);
    assert_eq!((lone.target_feat[1], lone.target_feat[TARGET_FEAT + 21]), (1.0, 1.0));
    assert_eq!((lone.msa_feat[0], lone.msa_feat[MSA_FEAT + 20]), (1.0, 1.0));
    assert!((lone.msa_feat[CODES + 2] - 1.0).abs() < 2e-6);
    assert!(lone.extra_msa.is_empty() && lone.extra_cluster_assignment.is_empty());
}

#[test]
fn extra_rows_join_their_centre() {
    // The extra row is nearer to the second centre; its three insertions are averaged with none.
    let made = features(">q\nACD\n>centre\nWCE\n>extra\nWwwwYE\n", &first(2, 9));
    assert_eq!((made.num_seqs, made.num_extra), (2, 1));
    assert_eq!(made.extra_cluster_assignment, [1]);
    let at = |row: usize, column: usize| &made.msa_feat[(row * 3 + column) * MSA_FEAT..][..MSA_FEAT];
    let near = |found: f32, expected: f32| assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    let profile = |row, column, letter| at(row, column)[25 + usize::from(code(letter))];
    near(profile(1, 0, b'W'), 1.0);
    near(profile(1, 1, b'C'), 0.5);
    near(profile(1, 1, b'Y'), 0.5);
    near(profile(0, 1, b'C'), 1.0);
    near(at(1, 1)[48], 2.0 / std::f32::consts::PI * 0.5f32.atan());
    near(at(1, 1)[24], 0.0);
    assert_eq!(made.extra_has_deletion, [0.0, 1.0, 0.0]);
    near(made.extra_deletion_value[1], 0.5);
}

#[test]
fn a_centres_own_deletions() {
    let made = features(">q\nACD\n>r\nAwCE\n", &FeatureOptions::default());
    let deleted = &made.msa_feat[(3 + 1) * MSA_FEAT..][..MSA_FEAT];
    assert_eq!(deleted[23], 1.0);
    assert!((deleted[24] - 0.20483276).abs() < 1e-6 && (deleted[48] - deleted[24]).abs() < 1e-6);
}

#[test]
fn copies_are_dropped_and_limits_kept() {
    let check = |max_seqs, max_extra, expected| {
        let made = features(TEN, &first(max_seqs, max_extra));
        assert_eq!((made.num_seqs, made.num_extra), expected);
        assert_eq!(made.msa.len(), made.num_seqs * 10);
        assert_eq!(made.extra_msa.len(), made.num_extra * 10);
    };
    check(512, 1024, (9, 0));
    check(4, 1024, (4, 5));
    check(4, 3, (4, 3));
    check(1, 0, (1, 0));
    check(usize::MAX, usize::MAX, (9, 0));
    // Insertions make no difference.
    assert_eq!(features(">q\nAC\n>r\nAwC\n", &first(9, 9)).num_seqs, 1);
}

#[test]
fn a_sample_begins_with_the_query_and_hangs_on_the_seed() {
    let sampled = |seed| features(TEN, &FeatureOptions { sample_seed: Some(seed), ..first(4, 9) });
    assert_eq!(sampled(1), sampled(1));
    let orders: Vec<Vec<u8>> = (0..8).map(|seed| sampled(seed).msa).collect();
    assert!(orders.iter().any(|order| *order != orders[0]));
    for order in &orders {
        assert_eq!(order[..10], features(TEN, &first(1, 0)).msa);
    }
    let sample = sampled(3);
    let mut rows: Vec<&[u8]> = sample.msa.chunks(10).chain(sample.extra_msa.chunks(10)).collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows.len(), 9);
}

#[test]
fn masking_comes_before_clusters_and_spares_the_query_sequence() {
    let plain = features(TEN, &first(4, 9));
    let masked = |seed| features(TEN, &FeatureOptions { mask_seed: Some(seed), ..first(4, 9) });
    let made: Vec<MsaFeatures> = (0..50).map(masked).collect();
    assert_eq!(made[7], masked(7));
    let count = made.iter().flat_map(|made| &made.msa).filter(|code| **code == MASKED).count();
    assert!((120..300).contains(&count), "{count} of 2,000 masked, about 210 expected");
    for made in &made {
        assert_eq!((&made.aatype, &made.target_feat), (&plain.aatype, &plain.target_feat));
        assert_eq!(made.extra_msa, plain.extra_msa);
        for (features, code) in made.msa_feat.chunks(MSA_FEAT).zip(&made.msa) {
            let code = usize::from(*code);
            assert_eq!(features[code], 1.0);
            assert!(features[CODES + 2 + code] > 0.0);
            assert!((features[CODES + 2..2 * CODES + 2].iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }
    assert!(made.iter().any(|made| made.extra_cluster_assignment != plain.extra_cluster_assignment));
    assert!(plain.msa.iter().all(|code| *code < GAP));
}
