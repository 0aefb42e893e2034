//! What the command says.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use crease_core::plan::Plan;
use crease_core::units::format_bytes;
use crease_runtime::peak_resident_bytes;

use super::super::plan::seconds;
use super::ensemble::Ensemble;
use super::{Arguments, names};
use crate::fold::{Antibody, Prediction};

/// The text so far.
pub(super) struct Summary {
    text: String,
    models: Vec<u32>,
}

impl Summary {
    pub(super) fn new(arguments: &Arguments, ensemble: &Ensemble) -> Summary {
        let mut summary = Summary { text: String::new(), models: ensemble.models.clone() };
        let place = arguments.weights.as_ref().map_or("the cache".into(), |path| path.display().to_string());
        let numbers: Vec<String> = ensemble.models.iter().map(u32::to_string).collect();
        let models = if numbers.len() == 1 { "model" } else { "models" };
        summary.line("weights", &format!("AntiBERTy and IgFold's {models} {}, from {place}", numbers.join(", ")));
        summary
    }

    /// What there is to print.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn line(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "{name:<11}{value}");
    }

    pub(super) fn antibody(&mut self, antibody: &Antibody, plan: &Plan, predictions: &[Prediction<'_>], best: usize) {
        let chain = |chain: &crate::fold::ChainSequence| format!("{} {}", chain.id, chain.residues.len());
        let chains: Vec<String> = antibody.chains.iter().map(chain).collect();
        self.line("antibody", &format!("{}: residues {}", names::of(antibody), chains.join(", ")));
        for (k, prediction) in predictions.iter().enumerate() {
            let mean = prediction.residue_errors();
            let mean = mean.iter().sum::<f64>() / mean.len().max(1) as f64;
            let chosen = if k == best && predictions.len() > 1 { ", the lowest: written" } else { "" };
            let expected = format!("expects nine atoms of ten within {:.2} Å", prediction.error());
            self.line(
                &format!("model {}", self.models[k]),
                &format!("{expected}, residues off by {mean:.2} Å{chosen}"),
            );
        }
        self.line("budget", &plan.budget.map_or("none: the fastest plan".into(), format_bytes));
        let memory = &plan.memory;
        let parts = format!("{} of weights, {} of arena", format_bytes(memory.weights), format_bytes(memory.arena));
        let predicted = seconds(plan.time);
        self.line("plan", &format!("peak {} ({parts}), {predicted} predicted", format_bytes(memory.total())));
    }

    pub(super) fn times(&mut self, planned: Duration, ran: Duration, output: &Path) {
        let measured = peak_resident_bytes().map_or("not told by this system".into(), format_bytes);
        self.line("measured", &format!("peak {measured} of the whole process"));
        let (planned, ran) = (planned.as_secs_f64(), ran.as_secs_f64());
        self.line("time", &format!("{ran:.2} s, and {planned:.2} s to plan"));
        self.line("output", &output.display().to_string());
    }

    pub(super) fn end(&mut self, all: Duration) {
        self.line("in all", &format!("{:.2} s", all.as_secs_f64()));
    }
}
