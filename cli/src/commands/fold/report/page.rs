//! A folded antibody as a page: its backbone in space, where the models expect to be off, distances, the plan's memory.

use std::fmt::Write;

use crease_core::units::format_bytes;
use crease_models::fold::{Antibody, ChainSequence, Prediction};
use crease_models::structure::{Residue, Structure};

use super::super::names;
use crate::page::{self, Timeline, escape, fact, fill, target};
use crate::terminal::{Ran, seconds};

const SKELETON: &str = include_str!("page.html");
pub(super) const STYLE: &str = include_str!("page.css");
pub(super) const SCRIPT: &str = concat!(
    include_str!("script/colour.js"),
    "\n",
    include_str!("script/errors.js"),
    "\n",
    include_str!("script/distances.js"),
    "\n",
    include_str!("script/ribbon.js"),
    "\n",
    include_str!("script/paint.js"),
    "\n",
    include_str!("script/viewer.js"),
    "\n",
    include_str!("script/page.js"),
);

/// What there is to show.
pub(crate) struct Report<'a> {
    pub(super) antibody: &'a Antibody,
    pub(super) models: Vec<Model>,
    /// Which model's structure was written.
    pub(super) best: usize,
    ran: &'a Ran<'a>,
    pub(super) timeline: Timeline<'a>,
}

/// A model's structure and what it expects of it.
pub(super) struct Model {
    pub(super) number: u32,
    /// Nine atoms of ten are expected to be nearer than this, in Å.
    pub(super) within: f64,
    /// The root of the mean squared error expected, in Å.
    pub(super) off: f64,
    pub(super) structure: Structure,
}

impl<'a> Report<'a> {
    /// Of an antibody, the models' predictions with their numbers, the best of them, and how they were made.
    pub(crate) fn new(
        antibody: &'a Antibody,
        (models, predictions): (&[u32], &[Prediction<'_>]),
        best: usize,
        ran: &'a Ran<'a>,
        timeline: Timeline<'a>,
    ) -> Report<'a> {
        let models = models.iter().zip(predictions).map(|(number, prediction)| Model {
            number: *number,
            within: prediction.error(),
            off: prediction.root_mean_square(),
            structure: prediction.structure(antibody),
        });
        Report { antibody, models: models.collect(), best, ran, timeline }
    }

    /// The whole page, needing nothing else.
    pub(crate) fn page(&self) -> String {
        let name = match self.antibody.name.trim() {
            "" => names::of(self.antibody),
            name => name.into(),
        };
        fill(SKELETON, &|part| match part {
            "title" | "name" => escape(&name),
            "chains" => self.chains(),
            "swatches" => self.swatches(),
            "verdict" => escape(&self.verdict()),
            "consequence" => escape(&self.consequence()),
            "facts" => self.facts(),
            "models" => self.beside(),
            "lines" if self.models.len() > 1 => "thin lines: the other models".into(),
            "lines" => String::new(),
            "memory" => page::MEMORY.into(),
            "settings" => escape(&format!("planned for {}", target(self.ran.plan))),
            "style" => [page::STYLE, STYLE].concat(),
            "data" => page::data(&self.packed()),
            "script" => [page::SCRIPT, SCRIPT].concat(),
            "version" => env!("CARGO_PKG_VERSION").into(),
            _ => unreachable!("the skeleton names no `{part}`"),
        })
    }

    /// How long the chains are.
    fn chains(&self) -> String {
        let chain = |chain: &ChainSequence| {
            format!("<span>chain {}, {} residues</span>", escape(&chain.id.to_string()), chain.residues.len())
        };
        self.antibody.chains.iter().map(chain).collect()
    }

    /// The chains' colours.
    fn swatches(&self) -> String {
        let chain = |(place, chain): (usize, &ChainSequence)| {
            format!("<li><i class=\"swatch bar{}\"></i>chain {}</li>", place % 2, escape(&chain.id.to_string()))
        };
        self.antibody.chains.iter().enumerate().map(chain).collect()
    }

    /// How good the structure is expected to be.
    fn verdict(&self) -> String {
        let Model { within, off, .. } = &self.models[self.best];
        format!("Expected to be {off:.2} Å off by root mean square, nine atoms of ten within {within:.2} Å.")
    }

    /// Which model is shown, and where it trusts itself least.
    fn consequence(&self) -> String {
        let best = &self.models[self.best];
        let mut text = match self.models.len() {
            1 => format!("By model {}", best.number),
            count => format!("By model {}, which of {count} expects the lowest error", best.number),
        };
        let chains = &best.structure.chains;
        let all = chains.iter().flat_map(|chain| chain.residues.iter().map(move |residue| (chain, residue)));
        let error = |residue: &Residue| residue.atom("CA").map_or(0.0, |atom| atom.b_factor);
        if let Some((chain, residue)) = all.max_by(|(_, a), (_, b)| error(a).total_cmp(&error(b))) {
            let (id, name, number) = (&chain.id, &residue.name, residue.number);
            let _ = write!(text, "; least sure of {name} {number} in chain {id}, {:.2} Å", error(residue));
        }
        text + "."
    }

    /// The figures as a list.
    fn facts(&self) -> String {
        let (best, Ran { plan, planned, took, measured }) = (&self.models[self.best], self.ran);
        let memory = &plan.memory;
        let parts = format!("{} weights, {} arena", format_bytes(memory.weights), format_bytes(memory.arena));
        let spare = |budget: u64| format!("{} to spare", format_bytes(budget.saturating_sub(memory.total())));
        let planning = format!("and {} to plan", duration(*planned));
        [
            fact("", "model", best.number.to_string(), &self.asked()),
            fact("", "expected error", format!("{:.2} Å", best.off), "root mean square over atoms"),
            match plan.budget {
                Some(budget) => fact("", "budget", format_bytes(budget), &spare(budget)),
                None => fact("", "budget", "none".into(), "the fastest plan"),
            },
            fact("", "plan peak", format_bytes(memory.total()), &parts),
            match measured {
                Some(bytes) => fact("", "measured peak", format_bytes(*bytes), "the whole process so far"),
                None => fact("", "measured peak", "unknown".into(), "not told by this system"),
            },
            fact("", "time", duration(*took), &planning),
        ]
        .concat()
    }

    /// Which models were asked.
    fn asked(&self) -> String {
        let numbers: Vec<String> = self.models.iter().map(|model| model.number.to_string()).collect();
        if numbers.len() == 1 { "the one asked".into() } else { format!("of {}", numbers.join(", ")) }
    }

    /// The models beside each other, each to be looked at.
    fn beside(&self) -> String {
        if self.models.len() == 1 {
            return String::new();
        }
        let mut html = String::from("<ul class=\"models\" aria-label=\"Models\">");
        for (k, Model { number, within, off, .. }) in self.models.iter().enumerate() {
            let (pressed, written) = (k == self.best, if k == self.best { ", written" } else { "" });
            let title = format!("show model {number}: {off:.2} Å off by root mean square over all atoms");
            let _ = write!(
                html,
                "<li><button type=\"button\" data-model=\"{k}\" aria-pressed=\"{pressed}\" title=\"{title}\">\
                 <b>model {number}{written}</b><strong>{within:.3} Å</strong><small>nine atoms of ten</small>\
                 <small>all: {off:.2} Å</small></button></li>"
            );
        }
        html + "</ul>"
    }
}

fn duration(time: std::time::Duration) -> String {
    seconds(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}
