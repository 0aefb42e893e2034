//! What the command says of weights and models.

use super::super::outcome::Outcome;
use super::{Arguments, names};
use crate::fold::{Antibody, ChainSequence, Prediction};

/// Which models are asked, and where from.
pub(super) fn weights(outcome: &mut Outcome, arguments: &Arguments) {
    let place = arguments.weights.as_ref().map_or("the cache".into(), |path| path.display().to_string());
    let numbers: Vec<String> = arguments.models.iter().map(u32::to_string).collect();
    let models = if numbers.len() == 1 { "model" } else { "models" };
    outcome.line("weights", &format!("AntiBERTy and IgFold's {models} {}, from {place}", numbers.join(", ")));
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
