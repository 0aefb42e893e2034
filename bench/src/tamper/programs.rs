//! The programs whose plans are changed: small, and of every kind of step and kernel.

use crease_core::ir::{Format, Sizes};
use crease_core::lang::{Model, Options, Settings};
use crease_core::plan::{Plan, PlanError, Planner, Target};
use crease_models::evoformer::{evoformer, extra_msa};

/// A model with settings and sizes that keep it small.
pub(super) struct Program {
    pub(super) name: &'static str,
    model: fn() -> Model,
    settings: &'static [(&'static str, u64)],
    sizes: &'static [(&'static str, u64)],
    budget: Budget,
    format: Format,
}

#[derive(Clone, Copy, PartialEq)]
enum Budget {
    None,
    Smallest,
}

/// The Evoformer in small; only the main stack has a single representation.
const NARROW: &[(&str, u64)] = &[
    ("C_S", 8),
    ("BLOCKS", 3),
    ("C_M", 16),
    ("C_Z", 16),
    ("C_HIDDEN_MSA", 4),
    ("HEADS_MSA", 2),
    ("C_HIDDEN_OPM", 4),
    ("C_HIDDEN_MUL", 8),
    ("C_HIDDEN_PAIR", 4),
    ("HEADS_PAIR", 2),
];

pub(super) fn programs() -> [Program; 8] {
    let program =
        |name, model, settings, sizes, budget| Program { name, model, settings, sizes, budget, format: Format::Single };
    let block: &[(&str, u64)] = &[("S", 5), ("R", 7)];
    [
        program("evoformer_block", evoformer::evoformer_block, NARROW, block, Budget::None),
        program("evoformer_block, smallest", evoformer::evoformer_block, NARROW, block, Budget::Smallest),
        program("evoformer_stack, streamed", evoformer::evoformer_stack, NARROW, block, Budget::Smallest),
        Program {
            format: Format::Bf16,
            ..program("evoformer_block, bf16", evoformer::evoformer_block, NARROW, block, Budget::Smallest)
        },
        program("extra_msa_stack", extra_msa::extra_msa_stack, &NARROW[1..], block, Budget::Smallest),
        program(
            "structure_module",
            crease_models::structure_module::structure_module::structure_module,
            &[("C_S", 16), ("C_Z", 8), ("C_RESNET", 8), ("BLOCKS", 2)],
            &[("R", 6)],
            Budget::Smallest,
        ),
        program(
            "igfold",
            crease_models::igfold::igfold::igfold,
            &[
                ("C_TOKEN", 16),
                ("ENCODER_LAYERS", 2),
                ("ENCODER_HEADS", 2),
                ("C_NODE", 16),
                ("C_FEED", 16),
                ("C_TRIANGLE", 8),
                ("BLOCKS", 2),
            ],
            &[("R", 6)],
            Budget::None,
        ),
        program(
            "gpt_block",
            crease_models::gpt::gpt::gpt_block,
            &[("HEADS", 2), ("D", 8)],
            &[("N", 37)],
            Budget::Smallest,
        ),
    ]
}

impl Program {
    /// Its plan on a machine where kernels start for free: there are more loops then.
    pub(super) fn plan(&self, target: &Target) -> Result<Plan, PlanError> {
        let settings: Settings = self.settings.iter().map(|(n, v)| ((*n).to_string(), (*v).into())).collect();
        let model = (self.model)().elaborate(&settings, &Options::default()).expect("settings of the model's own");
        let mut graph = model.graph;
        graph.precision = self.format;
        let axes = self.sizes.iter().map(|(name, size)| ((*name).to_string(), *size));
        let sizes: Sizes = model.sizes.into_iter().chain(axes).collect();
        let planner = Planner::new(&graph, &sizes, &Target { call: 0, ..target.clone() })?;
        match self.budget {
            Budget::None => planner.plan(None),
            Budget::Smallest => Ok(planner.leanest().clone()),
        }
    }
}
