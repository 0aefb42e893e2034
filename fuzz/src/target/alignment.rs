//! Alignments, and the features that are made of those that are whole.

use crease_models::features::{Alignment, FeatureOptions, Format, MsaFeatures};

use super::{Target, seeds};
use crate::mutate::text;

pub(super) const A3M: Target = Target {
    name: "a3m",
    longest: 1 << 14,
    seeds: || seeds::of("a3m", &["a3m"]),
    change: |rng, data, other| text::change(rng, data, other, &WORDS),
    run: |data| run(Some(Format::A3m), data),
};

pub(super) const STOCKHOLM: Target = Target {
    name: "stockholm",
    seeds: || seeds::of("stockholm", &["sto", "stk"]),
    run: |data| run(Some(Format::Stockholm), data),
    ..A3M
};

/// Its format is guessed, so that the guess is tried too.
pub(super) const FASTA: Target = Target {
    name: "fasta",
    seeds: || seeds::of("fasta", &["fasta", "a3m", "aln"]),
    run: |data| run(None, data),
    ..A3M
};

const WORDS: [&str; 18] = [
    "# STOCKHOLM 1.0\n",
    "#=GS ",
    "#=GF ",
    "#=GC RF",
    " DE ",
    "//\n",
    ">ss_pred\n",
    ">ss_conf\n",
    ">a\n",
    "#12,10\t1,1\n",
    "ACDEFGHIKLMNPQRSTVWY",
    "acdef",
    "----",
    "....",
    "~~~",
    "BZXUOJ",
    "*\n",
    "\r\n",
];

/// Cells of an alignment of which features are made: each is many bytes of them.
const MOST_CELLS: usize = 1 << 14;

fn run(format: Option<Format>, data: &[u8]) -> bool {
    let read = match format {
        Some(format) => Alignment::parse_as(format, data, "input"),
        None => Alignment::parse(data, "input"),
    };
    let Ok(alignment) = read else {
        return false;
    };
    assert!(alignment.rows().iter().all(|row| row.letters.len() == alignment.num_residues()), "rows are equally long");
    if alignment.num_rows() * alignment.num_residues() <= MOST_CELLS {
        let seed = Some(data.len() as u64);
        let options = FeatureOptions { max_seqs: 4, max_extra: 8, sample_seed: seed, mask_seed: seed };
        let made = MsaFeatures::from_alignment(&alignment, &options).expect("there is room for a few features");
        assert!(made.msa_feat.iter().all(|x| x.is_finite()), "features are finite");
    }
    true
}
