//! What the command says of weights and models.

use std::path::Path;

use crease_models::fold::{Antibody, ChainSequence, Prediction};

use super::names;
use crate::terminal::Outcome;

/// Which models are asked, and where from.
pub(super) fn weights(outcome: &mut Outcome, place: Option<&Path>, models: &[u32]) {
    let place = place.map_or("the cache".into(), |path| path.display().to_string());
    let numbers: Vec<String> = models.iter().map(u32::to_string).collect();
    let noun = if numbers.len() == 1 { "model" } else { "models" };
    outcome.line("weights", &format!("AntiBERTy and IgFold's {noun} {}, from {place}", numbers.join(", ")));
}

/// The antibody, and what each model expects of itself.
pub(super) fn predictions(
    outcome: &mut Outcome,
    (antibody, models): (&Antibody, &[u32]),
    predictions: &[Prediction<'_>],
    best: usize,
) {
    let chain = |chain: &ChainSequence| format!("{} {}", chain.id, chain.residues.len());
    let chains: Vec<String> = antibody.chains.iter().map(chain).collect();
    outcome.line("antibody", &format!("{}: residues {}", names::of(antibody), chains.join(", ")));
    for (k, prediction) in predictions.iter().enumerate() {
        let mean = prediction.residue_errors();
        let mean = mean.iter().sum::<f64>() / mean.len().max(1) as f64;
        let chosen = if k == best && predictions.len() > 1 { ", the lowest: written" } else { "" };
        let expected = format!("expects nine atoms of ten within {:.2} Å", prediction.error());
        outcome.line(&format!("model {}", models[k]), &format!("{expected}, residues off by {mean:.2} Å{chosen}"));
    }
}
