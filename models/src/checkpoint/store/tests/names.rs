//! What the table promises to those who read the files.

use std::collections::BTreeSet;

use super::super::find::{igfold_files, minilm_files};
use super::super::table::{IGFOLD, MINILM, Set};
use super::*;

fn named(set: &Set) -> std::collections::BTreeMap<&'static str, PathBuf> {
    set.members().map(|(_, member)| (member.becomes, PathBuf::from(member.becomes))).collect()
}

/// Every file of a set has its place in what is found, and none is looked for that the table does not have.
#[test]
fn files_are_called_as_in_the_table() {
    let igfold = igfold_files(named(&IGFOLD));
    let mut all: Vec<PathBuf> = igfold.models.into_values().collect();
    all.extend([igfold.encoder, igfold.vocabulary]);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), named(&IGFOLD).into_values().collect());
    let minilm = minilm_files(named(&MINILM));
    let all = [minilm.weights, minilm.configuration, minilm.vocabulary, minilm.tokenizer];
    assert_eq!(BTreeSet::from(all), named(&MINILM).into_values().collect());
}

#[test]
fn no_two_files_have_one_name() {
    for set in [&IGFOLD, &MINILM] {
        let texts = set.packages.iter().map(|package| package.licence.text.becomes);
        let names: Vec<&str> = set.members().map(|(_, member)| member.becomes).chain(texts).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        assert!(set.packages.iter().all(|package| package.sha256.len() == 64 && package.wheel.ends_with(".whl")));
    }
}
