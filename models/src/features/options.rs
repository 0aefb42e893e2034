//! What features may choose.

/// What [`MsaFeatures::from_alignment`](super::MsaFeatures::from_alignment) may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureOptions {
    /// At most this many centres, the query included; 512 unless told.
    pub max_seqs: usize,
    /// At most this many extra rows; 1,024 unless told.
    pub max_extra: usize,
    /// Draw centres and extra rows at random; none: in file order.
    pub sample_seed: Option<u64>,
    /// Replace 15 % of the centres' positions as in AlphaFold's training; none: leave them.
    pub mask_seed: Option<u64>,
}

impl Default for FeatureOptions {
    fn default() -> Self {
        Self { max_seqs: 512, max_extra: 1024, sample_seed: None, mask_seed: None }
    }
}
