//! The encoder and the models that were asked for, and a plan for chains of given lengths.

use crease_core::ir::{Graph, Sizes};
use crease_core::lang::{Options, Parameter};
use crease_core::plan::{Checked, Naive, Plan, Target, naive};
use crease_models::checkpoint::{Checkpoint, IgFoldFiles};
use crease_runtime::Weights;

use crate::choice::{Budget, Chosen, Precision, planned, whole_sizes};
use crate::terminal::{CliError, usage};

/// Where the encoder and the models stand in the program's parameters.
const ENCODER: &str = "bert.";
const MODELS: &str = "models.{}.";
/// The programs for one chain and for two, and their axes.
const PROGRAMS: [(&str, &[&str]); 2] = [("antibody_chain", &["A"]), ("antibody_pair", &["A", "B"])];

/// What is asked, at the moment for chains of some lengths.
pub(super) struct Ensemble {
    models: usize,
    weights: Weights,
    /// Whether all weights that the program reads lie in files as they are used.
    in_file: bool,
    plan: Option<(Vec<u64>, Planned)>,
}

/// A plan, and the program as written.
pub(super) struct Planned {
    pub(super) plan: Checked<Plan>,
    graph: Graph,
    sizes: Sizes,
}

impl Planned {
    /// The program as written, whose memory the plan's is shown beside.
    pub(super) fn naive(&self) -> Result<Naive, CliError> {
        Ok(naive(&self.graph, &self.sizes)?)
    }
}

impl Ensemble {
    /// Opens the files of the models with these numbers.
    pub(super) fn new(files: &IgFoldFiles, models: &[u32]) -> Result<Ensemble, CliError> {
        let chosen = Chosen::new(PROGRAMS[1].0, &[])?;
        let under = |prefix: &str| -> Vec<Parameter> {
            let own = chosen.signature.parameters.iter().filter_map(|p| Some((p, p.name.strip_prefix(prefix)?)));
            own.map(|(p, name)| Parameter { name: name.to_string(), ..p.clone() }).collect()
        };
        let mut all = Weights::default();
        all.join(ENCODER, Checkpoint::open(&files.encoder, &under(ENCODER), None)?.weights()?);
        for (place, number) in models.iter().enumerate() {
            let Some(file) = files.models.get(number) else {
                let known: Vec<String> = files.models.keys().map(u32::to_string).collect();
                return Err(usage(format!("--models: there is no model {number}: there are {}", known.join(", "))));
            };
            if models[..place].contains(number) {
                return Err(usage(format!("--models: model {number} is given twice")));
            }
            let own = Checkpoint::open(file, &under(MODELS), None)?.weights()?;
            all.join(&MODELS.replace("{}", &place.to_string()), own);
        }
        let in_file = all.are_in_file(|name| chosen.reads(name));
        Ok(Ensemble { models: models.len(), weights: all, in_file, plan: None })
    }

    /// The weights, and the plan for chains with so many tokens.
    pub(super) fn plan(
        &mut self,
        lengths: &[u64],
        target: &Target,
        (budget, precision): (Option<Budget>, Precision),
    ) -> Result<(&Weights, &Planned), CliError> {
        if self.plan.as_ref().is_none_or(|(known, _)| known != lengths) {
            let (program, axes) = PROGRAMS[lengths.len() - 1];
            let mut chosen = Chosen::new(program, &[])?;
            chosen.settings.set("MODELS", self.models as u64);
            let axes: Sizes = axes.iter().map(|a| (*a).to_string()).zip(lengths.iter().copied()).collect();
            let (elaborated, plan) = std::thread::scope(|threads| {
                // Planning takes one thread; where there are more, the files are read meanwhile.
                if target.threads > 1 {
                    threads.spawn(|| self.weights.look_through());
                }
                let options = Options { precision: precision.precision, ..Options::default() };
                planned(&chosen, &axes, &options, target, budget, self.in_file)
            })?;
            let sizes = whole_sizes(&elaborated, &axes);
            self.plan = Some((lengths.to_vec(), Planned { plan: plan.check()?, graph: elaborated.graph, sizes }));
        }
        let (_, plan) = self.plan.as_ref().expect("just made");
        Ok((&self.weights, plan))
    }
}
