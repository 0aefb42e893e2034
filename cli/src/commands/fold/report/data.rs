//! What the page's pictures are drawn from.

use std::collections::BTreeMap;

use crease_models::structure::{Residue, Structure, three_letters};
use serde_json::{Value, json};

use super::page::{Model, Report};

impl Report<'_> {
    pub(super) fn packed(&self) -> Value {
        let mut first = 0;
        let chains = self.antibody.chains.iter().map(|chain| {
            let (count, from) = (chain.residues.len(), first);
            first += count;
            json!({ "id": chain.id.to_string(), "first": from, "count": count, "letters": chain.residues })
        });
        let chains: Vec<Value> = chains.collect();
        let letters = self.antibody.chains.iter().flat_map(|chain| chain.residues.chars());
        let names: BTreeMap<String, &str> = letters.map(|l| (l.to_string(), three_letters(l))).collect();
        let best = &self.models[self.best].structure;
        json!({
            "chains": chains, "names": names, "chosen": self.best, "plan": self.timeline.packed(),
            "models": self.models.iter().map(|each| model(each, best)).collect::<Vec<_>>(),
        })
    }
}

/// A model's backbone, laid on the best one so that a change of model moves only what differs.
fn model(model: &Model, best: &Structure) -> Value {
    let structure = model.structure.laid_on(best, "CA");
    let residues: Vec<&Residue> = structure.chains.iter().flat_map(|chain| &chain.residues).collect();
    let at = |residue: &Residue, name: &str| residue.atom(name).map_or([0.0; 3], |atom| atom.position);
    let places = residues.iter().flat_map(|residue| at(residue, "CA")).map(hundredths);
    // The carbonyls tell how the peptides' planes lie.
    let sides = residues.iter().flat_map(|residue| {
        let (from, to) = (at(residue, "C"), at(residue, "O"));
        [0, 1, 2].map(|k| hundredths(to[k] - from[k]))
    });
    let errors = residues.iter().map(|residue| residue.atom("CA").map_or(0.0, |atom| atom.b_factor)).map(hundredths);
    json!({
        "number": model.number, "within": hundredths(model.within), "off": hundredths(model.off),
        "ca": places.collect::<Vec<_>>(), "side": sides.collect::<Vec<_>>(), "errors": errors.collect::<Vec<_>>(),
    })
}

/// More than hundredths of an Å nobody sees.
fn hundredths(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}
