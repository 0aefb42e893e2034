//! Which chain of a model is which of a target, and which residue is which.
//!
//! Chains that have most residues in common are paired first. How many two chains can have in common is bounded cheaply
//! (by how often each letter occurs, then by the longest common subsequence), and two chains are aligned only when no
//! other pair can have more. Chains with the same residues and numbers are aligned once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::rc::Rc;

use super::super::letters::letter;
use super::super::{Chain, Residue, Structure};
use super::ScoreError;
use super::align::{Site, align};
use super::bound::{Letters, common_subsequence};

/// Least share of the shorter chain's residues that must be the same in both.
const LEAST_IDENTITY: f64 = 0.3;
/// Most pairs of a chain of the model and one of the target; the largest assemblies have about 1,400 chains.
const MOST_PAIRS: usize = 1 << 22;
/// Most pairs of residues that all alignments look at, some half a minute of work.
const MOST_CELLS: usize = 1 << 33;

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
    sites: Rc<[Site]>,
    letters: Letters,
    /// The same number for the same sites.
    kind: usize,
}

impl<'a> Protein<'a> {
    fn all(
        structure: &'a Structure,
        which: &'static str,
        kinds: &mut HashMap<Rc<[Site]>, usize>,
    ) -> Result<Vec<Self>, ScoreError> {
        let mut proteins = Vec::new();
        for chain in &structure.chains {
            let residues: Vec<&Residue> = chain.amino_acids().collect();
            if residues.is_empty() {
                continue;
            }
            let site = |r: &&Residue| Site::new(letter(&r.name), (r.number, r.insertion));
            let sites: Rc<[Site]> = residues.iter().map(site).collect();
            let next = kinds.len();
            let (sites, kind) = match kinds.get_key_value(&sites) {
                Some((known, kind)) => (known.clone(), *kind),
                None => {
                    kinds.insert(sites.clone(), next);
                    (sites, next)
                }
            };
            let letters = Letters::of(&sites);
            proteins.push(Protein { chain, residues, sites, letters, kind });
        }
        if proteins.is_empty() { Err(ScoreError::NoProtein { which }) } else { Ok(proteins) }
    }
}

/// How well two chains are known to match; the best one is the greatest. Of those with as many identical residues the
/// first is the pair of one name, then the first in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// The identical residues, or a bound: no fewer.
    identical: usize,
    same_name: bool,
    place: Reverse<(usize, usize)>,
    known: Known,
}

/// What is known of the number of identical residues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    ByLetters,
    BySubsequence,
    Exactly,
}

/// Pairs of places, and how many of them have the same letter.
type Aligned = (usize, Rc<[(usize, usize)]>);

/// Pairs the chains that have most residues in common first; of equals those of the same name, then the first.
pub(super) fn matches<'a>(model: &'a Structure, target: &'a Structure) -> Result<Matches<'a>, ScoreError> {
    let mut kinds = HashMap::new();
    let ours = Protein::all(model, "model", &mut kinds)?;
    let theirs = Protein::all(target, "target", &mut kinds)?;
    if ours.len().saturating_mul(theirs.len()) > MOST_PAIRS {
        return Err(ScoreError::ManyChains { model: ours.len(), target: theirs.len(), most: MOST_PAIRS });
    }
    let enough = |identical: usize, i: usize, j: usize| {
        identical as f64 >= LEAST_IDENTITY * ours[i].sites.len().min(theirs[j].sites.len()) as f64
    };
    let mut queue = BinaryHeap::new();
    for (i, a) in ours.iter().enumerate() {
        for (j, b) in theirs.iter().enumerate() {
            let identical = a.letters.common(&b.letters);
            if enough(identical, i, j) {
                let same_name = a.chain.id == b.chain.id;
                queue.push(Candidate { identical, same_name, place: Reverse((i, j)), known: Known::ByLetters });
            }
        }
    }
    let mut work = Work::default();
    let mut taken = [vec![false; ours.len()], vec![false; theirs.len()]];
    let mut matches = Vec::new();
    while let Some(candidate) = queue.pop() {
        let Reverse((i, j)) = candidate.place;
        if taken[0][i] || taken[1][j] {
            continue;
        }
        let (a, b) = (&ours[i], &theirs[j]);
        let (identical, known) = match candidate.known {
            Known::ByLetters => (work.subsequence(a, b), Known::BySubsequence),
            Known::BySubsequence => (work.aligned(a, b)?.0, Known::Exactly),
            Known::Exactly => {
                (taken[0][i], taken[1][j]) = (true, true);
                let (_, pairs) = work.aligned(a, b)?;
                let pairs = pairs.iter().map(|(p, q)| (a.residues[*p], b.residues[*q])).collect();
                let lengths = [a.residues.len(), b.residues.len()];
                matches.push((i, Match { model: a.chain, target: b.chain, lengths, pairs }));
                continue;
            }
        };
        if enough(identical, i, j) {
            queue.push(Candidate { identical, known, ..candidate });
        }
    }
    if matches.is_empty() {
        let [model, target] = [names(&ours, |_| true), names(&theirs, |_| true)].map(|names| said(&names));
        return Err(ScoreError::NoMatch { model, target });
    }
    matches.sort_by_key(|(i, _)| *i);
    let alone = [names(&ours, |i| !taken[0][i]), names(&theirs, |j| !taken[1][j])];
    Ok(Matches { matches: matches.into_iter().map(|(_, found)| found).collect(), alone })
}

/// What was found of two kinds of chains, each once.
#[derive(Default)]
struct Work {
    subsequences: HashMap<(usize, usize), usize>,
    aligned: HashMap<(usize, usize), Aligned>,
    cells: usize,
}

impl Work {
    fn subsequence(&mut self, a: &Protein<'_>, b: &Protein<'_>) -> usize {
        let found = self.subsequences.entry((a.kind, b.kind));
        *found.or_insert_with(|| common_subsequence(&a.sites, &b.sites))
    }

    fn aligned(&mut self, a: &Protein<'_>, b: &Protein<'_>) -> Result<Aligned, ScoreError> {
        if let Some(known) = self.aligned.get(&(a.kind, b.kind)) {
            return Ok(known.clone());
        }
        if a.kind != b.kind {
            self.cells = self.cells.saturating_add(a.sites.len().saturating_mul(b.sites.len()));
            if self.cells > MOST_CELLS {
                return Err(ScoreError::TooMuch);
            }
        }
        let pairs = align(&a.sites, &b.sites)?;
        let identical = pairs.iter().filter(|(p, q)| a.sites[*p].same_letter(&b.sites[*q])).count();
        let aligned = (identical, Rc::from(pairs));
        self.aligned.insert((a.kind, b.kind), aligned.clone());
        Ok(aligned)
    }
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
