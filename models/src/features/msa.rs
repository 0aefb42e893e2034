//! AlphaFold's MSA features: centres with their clusters, and the extra rows.

use std::f32::consts::FRAC_2_PI;

use super::alignment::{Alignment, dense};
use super::error::FeatureError;
use super::options::FeatureOptions;
use super::residues::CODES;
use super::rows::{MsaRows, room, too_large};

/// Features of a centre at a residue: one-hot 23, has a deletion, deletion value, profile 23, mean deletion value.
pub const MSA_FEAT: usize = 2 * CODES + 3;
/// Features of a residue: 0 (no chain break), one-hot 21 of the query.
pub const TARGET_FEAT: usize = 22;

/// Where the parts of `msa_feat` begin.
const HAS_DELETION: usize = CODES;
const DELETION_VALUE: usize = CODES + 1;
const PROFILE: usize = CODES + 2;
const DELETION_MEAN: usize = 2 * CODES + 2;

/// What AlphaFold reads of an alignment. All arrays are row-major.
///
/// s = `num_seqs`, e = `num_extra`, r = `num_residues`; a deletion value is (2/π)·atan(count / 3).
#[derive(Clone, Debug, PartialEq)]
pub struct MsaFeatures {
    /// Centres, s: at least 1, the query first.
    pub num_seqs: usize,
    /// Extra rows, e: may be 0.
    pub num_extra: usize,
    /// Residues of the query, r.
    pub num_residues: usize,
    /// `[s, r, 49]` ([`MSA_FEAT`]); the profile and the mean are over the centre and its extra rows.
    pub msa_feat: Vec<f32>,
    /// `[r, 22]` ([`TARGET_FEAT`]).
    pub target_feat: Vec<f32>,
    /// `[r]`: the query's codes, 0 to 20, never masked.
    pub aatype: Vec<u8>,
    /// `[r]`: 0, 1, 2, …
    pub residue_index: Vec<i32>,
    /// `[s, r]`: the centres' codes, after masking.
    pub msa: Vec<u8>,
    /// `[e, r]`: the extra rows' codes.
    pub extra_msa: Vec<u8>,
    /// `[e, r]`: min(deletion count, 1).
    pub extra_has_deletion: Vec<f32>,
    /// `[e, r]`: deletion values.
    pub extra_deletion_value: Vec<f32>,
    /// `[e]`: the index of each extra row's centre.
    pub extra_cluster_assignment: Vec<usize>,
}

impl MsaRows {
    /// Writes `msa_feat`, `[s, r, 49]`.
    ///
    /// # Panics
    /// If there is room for another number of elements.
    pub fn write_msa_feat(&self, msa_feat: &mut [f32]) {
        assert_eq!(msa_feat.len(), self.num_seqs * self.num_residues * MSA_FEAT, "msa_feat is [s, r, 49]");
        msa_feat.fill(0.0);
        self.write_sums(msa_feat);
        self.add_extra(msa_feat);
        self.divide(msa_feat);
    }

    /// Writes `target_feat`, `[r, 22]`.
    ///
    /// # Panics
    /// If there is room for another number of elements.
    pub fn write_target_feat(&self, target_feat: &mut [f32]) {
        assert_eq!(target_feat.len(), self.num_residues * TARGET_FEAT, "target_feat is [r, 22]");
        target_feat.fill(0.0);
        for (features, code) in target_feat.chunks_exact_mut(TARGET_FEAT).zip(&self.aatype) {
            features[1 + usize::from(*code)] = 1.0;
        }
    }

    /// Everything of the centres themselves; their one-hots and deletion counts begin the sums of the clusters.
    fn write_sums(&self, msa_feat: &mut [f32]) {
        let r = self.num_residues;
        let counts = self.deletions.iter().flat_map(|row| dense(row, r));
        for ((features, code), count) in msa_feat.chunks_exact_mut(MSA_FEAT).zip(&self.msa).zip(counts) {
            features[usize::from(*code)] = 1.0;
            features[HAS_DELETION] = has_deletion(count);
            features[DELETION_VALUE] = deletion_value(count as f32);
            features[PROFILE + usize::from(*code)] = 1.0;
            features[DELETION_MEAN] = count as f32;
        }
    }

    /// Adds every extra row to its centre's sums.
    fn add_extra(&self, msa_feat: &mut [f32]) {
        let r = self.num_residues.max(1);
        let rows = self.extra_msa.chunks(r).zip(&self.extra_deletions);
        for ((codes, deletions), centre) in rows.zip(&self.extra_cluster_assignment) {
            let features = msa_feat[centre * r * MSA_FEAT..].chunks_exact_mut(MSA_FEAT);
            for ((features, count), code) in features.zip(dense(deletions, r)).zip(codes) {
                features[PROFILE + usize::from(*code)] += 1.0;
                features[DELETION_MEAN] += count as f32;
            }
        }
    }

    /// Makes profiles and mean deletion values of the clusters' sums.
    fn divide(&self, msa_feat: &mut [f32]) {
        let mut members = vec![0u32; self.num_seqs];
        for centre in &self.extra_cluster_assignment {
            members[*centre] += 1;
        }
        for (centre, members) in msa_feat.chunks_exact_mut((self.num_residues * MSA_FEAT).max(1)).zip(members) {
            let count = 1e-6 + 1.0 + members as f32;
            for features in centre.chunks_exact_mut(MSA_FEAT) {
                features[PROFILE..DELETION_MEAN].iter_mut().for_each(|sum| *sum /= count);
                features[DELETION_MEAN] = deletion_value(features[DELETION_MEAN] / count);
            }
        }
    }
}

impl MsaFeatures {
    /// Picks centres and extra rows among the distinct rows, clusters them and writes the features.
    ///
    /// # Errors
    /// `max_seqs` is 0, or an array does not fit in memory.
    pub fn from_alignment(alignment: &Alignment, options: &FeatureOptions) -> Result<Self, FeatureError> {
        let rows = MsaRows::from_alignment(alignment, options)?;
        let (s, e, r) = (rows.num_seqs, rows.num_extra, rows.num_residues);
        let mut msa_feat = zeros("msa_feat", &[s, r, MSA_FEAT])?;
        rows.write_msa_feat(&mut msa_feat);
        let mut target_feat = zeros("target_feat", &[r, TARGET_FEAT])?;
        rows.write_target_feat(&mut target_feat);
        let mut extra_has_deletion = zeros("extra_has_deletion", &[e, r])?;
        let mut extra_deletion_value = zeros("extra_deletion_value", &[e, r])?;
        let counts = rows.extra_deletions.iter().flat_map(|row| dense(row, r));
        for ((has, value), count) in extra_has_deletion.iter_mut().zip(&mut extra_deletion_value).zip(counts) {
            *has = has_deletion(count);
            *value = deletion_value(count as f32);
        }
        let residues = i32::try_from(r).map_err(|_| too_large("residue_index", &[r]))?;
        Ok(Self {
            num_seqs: s,
            num_extra: e,
            num_residues: r,
            msa_feat,
            target_feat,
            aatype: rows.aatype,
            residue_index: (0..residues).collect(),
            msa: rows.msa,
            extra_msa: rows.extra_msa,
            extra_has_deletion,
            extra_deletion_value,
            extra_cluster_assignment: rows.extra_cluster_assignment,
        })
    }
}

/// min(count, 1).
fn has_deletion(count: u32) -> f32 {
    if count > 0 { 1.0 } else { 0.0 }
}

/// v(d) = (2/π)·atan(d/3).
fn deletion_value(count: f32) -> f32 {
    (count / 3.0).atan() * FRAC_2_PI
}

fn zeros(array: &'static str, shape: &[usize]) -> Result<Vec<f32>, FeatureError> {
    let mut zeros = room(array, shape)?;
    zeros.resize(shape.iter().product(), 0.0);
    Ok(zeros)
}
