//! Scores against values that NumPy, SciPy and biotite give, and what must hold of any.

use super::*;
use crate::structure::{BACKBONE, Figures, Score};

fn score(model: &Structure, target: &Structure) -> Score {
    Score::of(model, target, &BACKBONE).expect("comparable")
}

/// RMSD, lDDT, TM-score by the target's length and by the model's. Of a TM-score the true maximum is given: the search
/// for it, like its authors', ends a little below.
#[track_caller]
pub(super) fn near(figures: &Figures, known: [f64; 4]) {
    const SEARCHED: f64 = 3e-3;
    let exact = [figures.rmsd.expect("atoms"), figures.lddt.expect("pairs")];
    for (found, known) in exact.into_iter().zip(known) {
        assert!((found - known).abs() < 1e-6, "{found} is not {known} in {figures:?}");
    }
    for (found, known) in [figures.tm_score, figures.tm_score_by_model].into_iter().zip(&known[2..]) {
        assert!((-1e-6..SEARCHED).contains(&(known - found)), "{found} is not {known} in {figures:?}");
    }
}

/// The same structure but for the motion.
#[track_caller]
fn same(figures: &Figures) {
    near(figures, [0.0, 1.0, 1.0, 1.0]);
    assert!(figures.tm_score > 1.0 - 1e-9);
}

fn two_chains() -> Structure {
    let mut second = helix("B", 45, 2);
    for atom in second.residues.iter_mut().flat_map(|residue| &mut residue.atoms) {
        atom.position[0] += 9.0;
    }
    Structure { chains: vec![helix("A", 60, 1), second] }
}

#[test]
fn a_structure_is_like_itself() {
    let structure = two_chains();
    let score = score(&structure, &structure);
    assert_eq!(score.chains.len(), 2);
    same(&score.overall);
    assert_eq!((score.overall.residues, score.overall.atoms, score.overall.identity), ([105; 3], 420, 1.0));
    score.chains.iter().for_each(|chain| same(&chain.figures));
}

#[test]
fn rigid_motion_changes_nothing() {
    let target = two_chains();
    let model = perturbed(&target, 40);
    let (once, again) = (score(&model, &target), score(&moved(&model), &moved(&moved(&target))));
    let Figures { rmsd, lddt, tm_score, tm_score_by_model, .. } = once.overall;
    near(&again.overall, [rmsd.expect("atoms"), lddt.expect("pairs"), tm_score, tm_score_by_model]);
    // A mirror image is none: no rotation takes it back.
    let mut mirrored = target.clone();
    for atom in mirrored.chains.iter_mut().flat_map(|c| &mut c.residues).flat_map(|r| &mut r.atoms) {
        atom.position[2] = -atom.position[2];
    }
    assert!(score(&mirrored, &target).overall.rmsd.expect("atoms") > 1.0);
}

/// Noise that is larger makes every figure worse, and each stays in its range.
#[test]
fn figures_follow_the_noise() {
    let target = two_chains();
    let mut last = score(&target, &target).overall;
    for size in [0.3, 1.0, 3.0, 10.0] {
        let mut model = target.clone();
        let mut noise = Noise(5);
        for atom in model.chains.iter_mut().flat_map(|c| &mut c.residues).flat_map(|r| &mut r.atoms) {
            atom.position = atom.position.map(|x| x + size * noise.next());
        }
        let figures = score(&model, &target).overall;
        assert!(figures.rmsd > last.rmsd && figures.lddt < last.lddt && figures.tm_score < last.tm_score, "{size}");
        assert!(figures.lddt >= Some(0.0) && figures.tm_score > 0.0);
        last = figures;
    }
}

/// RMSD by NumPy's singular values, lDDT by biotite, TM-score by SciPy's optimizer and, where that pairs the same
/// residues, by TM-align.
#[test]
fn figures_are_those_of_others() {
    let target = two_chains();
    let score = score(&perturbed(&target, 40), &target);
    near(&score.chains[0].figures, [1.8466175, 0.7671717, 0.719843, 0.719843]);
    near(&score.chains[1].figures, [1.6228529, 0.7694444, 0.742618, 0.742618]);
    near(&score.overall, [1.8200658, 0.7660551, 0.831311, 0.831311]);
    for (figures, known) in [(&score.chains[0].figures, 0.7174751), (&score.overall, 0.8309377)] {
        assert!((figures.tm_score - known).abs() < 1e-6, "{} is not {known}", figures.tm_score);
    }
}

#[test]
fn chains_are_matched_by_sequence() {
    let target = two_chains();
    let mut model = Structure { chains: vec![target.chains[1].clone(), target.chains[0].clone(), helix("C", 50, 9)] };
    model.chains[0].id = "X".into();
    model.chains[1].id = "B".into();
    let found = score(&model, &target);
    let pairs: Vec<(&str, &str)> = found.chains.iter().map(|c| (c.model.as_str(), c.target.as_str())).collect();
    assert_eq!(pairs, [("X", "B"), ("B", "A")]);
    assert_eq!((found.only_in_model, found.only_in_target.len()), (vec!["C".to_string()], 0));
    same(&found.overall);
    // Of chains with one sequence, those of one name belong together.
    let mut twins = Structure { chains: vec![helix("A", 30, 1), helix("B", 30, 1)] };
    twins.chains.reverse();
    let found = score(&twins, &Structure { chains: vec![helix("A", 30, 1), helix("B", 30, 1)] });
    assert!(found.chains.iter().all(|chain| chain.model == chain.target));
}

#[test]
fn a_part_of_a_chain_is_scored_as_a_part() {
    let target = Structure { chains: vec![helix("A", 60, 1)] };
    let mut model = moved(&target);
    // Two gaps, other numbers, and one other residue.
    model.chains[0].residues.drain(40..43);
    model.chains[0].residues.drain(..20);
    model.chains[0].residues.iter_mut().for_each(|residue| residue.number += 500);
    model.chains[0].residues[5].name = "UNK".into();
    let figures = score(&model, &target).overall;
    assert_eq!((figures.residues, figures.atoms), ([37, 60, 37], 148));
    assert!((figures.identity - 36.0 / 37.0).abs() < 1e-12);
    near(&figures, [0.0, 1.0, 37.0 / 60.0, 1.0]);
}

#[test]
fn small_proteins_have_what_figures_they_can() {
    let one = Structure { chains: vec![helix("A", 1, 1)] };
    let found = score(&one, &moved(&one)).overall;
    assert_eq!((found.residues, found.lddt), ([1; 3], None));
    assert!(found.rmsd.expect("atoms") < 1e-9 && found.tm_score == 1.0);
    let two = Structure { chains: vec![helix("A", 2, 1)] };
    same(&score(&two, &moved(&two)).overall);
    let found = Score::of(&two, &two, &["CB"]).expect("comparable").overall;
    assert_eq!((found.atoms, found.rmsd), (0, None));
}
