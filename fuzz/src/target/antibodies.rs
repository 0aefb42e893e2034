//! FASTA files of antibody chains.

use crease_models::fold::antibodies;

use super::{Target, seeds};
use crate::file;
use crate::mutate::text;

pub(super) const TARGET: Target = Target {
    name: "antibodies",
    longest: 1 << 13,
    seeds: || seeds::of("antibodies", &["fasta"]),
    change: |rng, data, other| text::change(rng, data, other, &WORDS),
    run,
};

const WORDS: [&str; 17] = [
    ">a:H\n",
    ">a:L\n",
    ">H\n",
    ">L\n",
    ">heavy\n",
    ">vl\n",
    ">1NCB_2|Chain B[auth L]|",
    ">1NCB_2|Chains A, C|",
    "_H",
    "_L",
    "|H",
    "IGHV",
    "Heavy Chain",
    ":",
    "/",
    "EVQLVESGGGLVQPGG",
    "*",
];

fn run(data: &[u8]) -> bool {
    let Ok(found) = antibodies(file::holding("input.fasta", data)) else {
        return false;
    };
    assert!(!found.is_empty(), "a file without antibodies is refused");
    for antibody in &found {
        assert!((1..=2).contains(&antibody.chains.len()), "an antibody has one chain or two");
        assert!(antibody.chains.iter().all(|chain| !chain.residues.is_empty()), "no chain is empty");
    }
    true
}
