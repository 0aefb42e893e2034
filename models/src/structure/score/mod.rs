//! How near a model is to a target.
//!
//! Chains are matched by sequence, residues by alignment. Then per chain and over all of them:
//! RMSD of backbone atoms after superposition, lDDT of Cα atoms, TM-score.

mod align;
mod bound;
mod chains;
mod lddt;
mod superpose;
mod tm;

use thiserror::Error;

use super::{Residue, Structure};
use chains::Match;

/// The atoms that an RMSD of antibodies is said to be of.
pub const BACKBONE: [&str; 4] = ["N", "CA", "C", "O"];

type Point = [f64; 3];

/// A model against a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// In the model's order.
    pub chains: Vec<ChainScore>,
    /// All matched chains, superposed as one.
    pub overall: Figures,
    /// Protein chains of the model that match none of the target's.
    pub only_in_model: Vec<String>,
    /// Protein chains of the target that match none of the model's.
    pub only_in_target: Vec<String>,
}

/// Two chains that match.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainScore {
    /// The chain in the model.
    pub model: String,
    /// The chain in the target.
    pub target: String,
    /// The chains by themselves.
    pub figures: Figures,
}

/// How near paired residues are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Residues of the model, of the target, and pairs of them.
    pub residues: [usize; 3],
    /// Pairs of the same amino acid, of those that are paired.
    pub identity: f64,
    /// Atoms that the RMSD is over: those that both residues of a pair have.
    pub atoms: usize,
    /// In Å, after the superposition that makes it smallest; none without such atoms.
    pub rmsd: Option<f64>,
    /// From 0 to 1, over pairs of Cα atoms that are nearer than 15 Å in the target; none if there are none.
    pub lddt: Option<f64>,
    /// From 0 to 1, in terms of the target's length.
    pub tm_score: f64,
    /// The same in terms of the model's length, for a model of a part of the target.
    pub tm_score_by_model: f64,
}

/// Why there is no score.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScoreError {
    /// A structure without a protein.
    #[error("expected amino acids in the {which}, found none")]
    NoProtein {
        /// Model or target.
        which: &'static str,
    },
    /// Sequences that have nothing in common.
    #[error(
        "no matching chain: {model} of the model and {target} of the target have less than 30 % of their residues in common"
    )]
    NoMatch {
        /// The model's chains.
        model: String,
        /// The target's chains.
        target: String,
    },
    /// Chains whose alignment takes too much memory.
    #[error("chains of {0} and {1} residues are too long to be aligned")]
    TooLong(usize, usize),
    /// Too many pairs of chains.
    #[error("{model} chains of the model and {target} of the target are more than {most} pairs: leave chains out")]
    ManyChains {
        /// Protein chains of the model.
        model: usize,
        /// Protein chains of the target.
        target: usize,
        /// How many pairs there may be.
        most: usize,
    },
    /// Chains whose alignments take too much time.
    #[error("there are too many long chains that are not alike to find out which match: leave chains out")]
    TooMuch,
    /// A target that is no protein's.
    #[error("the target has more than {most} Cα atoms within 15 Å of each other, on average: it is not a protein")]
    Crowded {
        /// How many there may be.
        most: u64,
    },
}

impl Score {
    /// Compares all chains; the RMSD is over `atoms`, usually [`BACKBONE`].
    ///
    /// # Errors
    /// No protein, or no chain of one that is in the other.
    pub fn of(model: &Structure, target: &Structure, atoms: &[&str]) -> Result<Score, ScoreError> {
        let found = chains::matches(model, target)?;
        let mut all = Pairs::default();
        let mut scores = Vec::new();
        for found in &found.matches {
            let pairs = Pairs::of(found, atoms);
            let names = (found.model.id.clone(), found.target.id.clone());
            scores.push(ChainScore { model: names.0, target: names.1, figures: pairs.figures()? });
            all.join(pairs);
        }
        let overall = all.figures()?;
        let [only_in_model, only_in_target] = found.alone;
        Ok(Score { chains: scores, overall, only_in_model, only_in_target })
    }
}

/// Positions of what is compared, the model's beside the target's.
#[derive(Debug, Default)]
struct Pairs {
    residues: [usize; 2],
    identical: usize,
    alphas: [Vec<Point>; 2],
    atoms: [Vec<Point>; 2],
}

impl Pairs {
    fn of(found: &Match<'_>, names: &[&str]) -> Pairs {
        let mut pairs = Pairs { residues: found.lengths, ..Pairs::default() };
        for (model, target) in &found.pairs {
            pairs.identical += usize::from(model.name == target.name);
            push(&mut pairs.alphas, [model, target], "CA");
            names.iter().for_each(|name| push(&mut pairs.atoms, [model, target], name));
        }
        pairs
    }

    fn join(&mut self, other: Pairs) {
        self.identical += other.identical;
        for side in 0..2 {
            self.residues[side] += other.residues[side];
            self.alphas[side].extend(&other.alphas[side]);
            self.atoms[side].extend(&other.atoms[side]);
        }
    }

    fn figures(&self) -> Result<Figures, ScoreError> {
        let ([model, target], [alphas, their_alphas]) = (self.residues, &self.alphas);
        let [atoms, their_atoms] = &self.atoms;
        let paired = alphas.len();
        let tm_score = tm::tm_score(alphas, their_alphas, target);
        Ok(Figures {
            residues: [model, target, paired],
            identity: self.identical as f64 / paired.max(1) as f64,
            atoms: atoms.len(),
            rmsd: superpose::rmsd(atoms, their_atoms),
            lddt: lddt::lddt(alphas, their_alphas)?,
            tm_score,
            tm_score_by_model: if model == target { tm_score } else { tm::tm_score(alphas, their_alphas, model) },
        })
    }
}

/// Keeps an atom that both have.
fn push(points: &mut [Vec<Point>; 2], residues: [&Residue; 2], name: &str) {
    if let [Some(model), Some(target)] = residues.map(|residue| residue.atom(name)) {
        points[0].push(model.position);
        points[1].push(target.position);
    }
}

fn squared_distance(a: Point, b: Point) -> f64 {
    (0..3).map(|k| (a[k] - b[k]).powi(2)).sum()
}
