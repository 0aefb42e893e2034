//! Which chain of a model is which of a target, and which residue is which.

use super::super::letters::letter;
use super::super::{Chain, Residue, Structure};
use super::ScoreError;
use super::align::{Site, align};

/// Least share of the shorter chain's residues that must be the same in both.
const LEAST_IDENTITY: f64 = 0.3;

/// Two chains that match.
#[derive(Debug)]
pub(super) struct Match<'a> {
    pub(super) model: &'a Chain,
    pub(super) target: &'a Chain,
    /// Amino acids of each.
    pub(super) lengths: [usize; 2],
    /// Aligned amino acids.
    pub(super) pairs: Vec<(&'a Residue, &'a Residue)>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Matches<'a> {
    /// In the model's order.
    pub(super) matches: Vec<Match<'a>>,
    /// Protein chains of model and target that have no match.
    pub(super) alone: [Vec<String>; 2],
}

/// A chain's protein.
struct Protein<'a> {
    chain: &'a Chain,
    residues: Vec<&'a Residue>,
    sites: Vec<Site>,
}

impl<'a> Protein<'a> {
    fn all(structure: &'a Structure, which: &'static str) -> Result<Vec<Self>, ScoreError> {
        let proteins = structure.chains.iter().map(|chain| {
            let residues: Vec<&Residue> = chain.amino_acids().collect();
            let site = |r: &&Residue| Site { letter: letter(&r.name), number: (r.number, r.insertion) };
            let sites = residues.iter().map(site).collect();
            Protein { chain, residues, sites }
        });
        let proteins: Vec<Self> = proteins.filter(|protein| !protein.residues.is_empty()).collect();
        if proteins.is_empty() { Err(ScoreError::NoProtein { which }) } else { Ok(proteins) }
    }
}

/// Pairs the chains that have most residues in common first; of equals those of the same name, then the first.
pub(super) fn matches<'a>(model: &'a Structure, target: &'a Structure) -> Result<Matches<'a>, ScoreError> {
    let [ours, theirs] = [Protein::all(model, "model")?, Protein::all(target, "target")?];
    let mut found = Vec::new();
    for (i, a) in ours.iter().enumerate() {
        for (j, b) in theirs.iter().enumerate() {
            let pairs = align(&a.sites, &b.sites)?;
            let same = |(p, q): &&(usize, usize)| a.sites[*p].same_letter(&b.sites[*q]);
            let identical = pairs.iter().filter(same).count();
            if identical as f64 >= LEAST_IDENTITY * a.sites.len().min(b.sites.len()) as f64 {
                found.push((identical, a.chain.id == b.chain.id, i, j, pairs));
            }
        }
    }
    found.sort_by_key(|(identical, same_name, i, j, _)| (std::cmp::Reverse((*identical, *same_name)), *i, *j));
    let mut taken = [vec![false; ours.len()], vec![false; theirs.len()]];
    let mut matches = Vec::new();
    for (_, _, i, j, pairs) in found {
        if taken[0][i] || taken[1][j] {
            continue;
        }
        (taken[0][i], taken[1][j]) = (true, true);
        let (a, b) = (&ours[i], &theirs[j]);
        let pairs = pairs.into_iter().map(|(p, q)| (a.residues[p], b.residues[q])).collect();
        let lengths = [a.residues.len(), b.residues.len()];
        matches.push((i, Match { model: a.chain, target: b.chain, lengths, pairs }));
    }
    if matches.is_empty() {
        let [model, target] = [names(&ours, |_| true), names(&theirs, |_| true)].map(|names| said(&names));
        return Err(ScoreError::NoMatch { model, target });
    }
    matches.sort_by_key(|(i, _)| *i);
    let alone = [names(&ours, |i| !taken[0][i]), names(&theirs, |j| !taken[1][j])];
    Ok(Matches { matches: matches.into_iter().map(|(_, found)| found).collect(), alone })
}

fn names(proteins: &[Protein<'_>], wanted: impl Fn(usize) -> bool) -> Vec<String> {
    proteins.iter().enumerate().filter(|(k, _)| wanted(*k)).map(|(_, protein)| protein.chain.id.clone()).collect()
}

/// `chain A`, `chains A, B`; the first few of many.
fn said(names: &[String]) -> String {
    const MOST: usize = 8;
    let more = if names.len() > MOST { ", …" } else { "" };
    let shown: Vec<String> = names.iter().take(MOST).map(|name| crate::shown::shown(name)).collect();
    format!("chain{} {}{more}", if names.len() > 1 { "s" } else { "" }, shown.join(", "))
}
