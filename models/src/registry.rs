//! The models there are, by name.

use crease_core::lang::Model;

/// A model that the command can plan and run.
pub struct Entry {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// The model.
    pub model: fn() -> Model,
}

/// Every model.
pub fn registry() -> &'static [Entry] {
    &[
        Entry {
            name: "evoformer_block",
            summary: "one block of AlphaFold 2's Evoformer",
            model: crate::evoformer::evoformer::evoformer_block,
        },
        Entry {
            name: "evoformer_stack",
            summary: "the Evoformer stack with the single projection",
            model: crate::evoformer::evoformer::evoformer_stack,
        },
        Entry {
            name: "extra_msa_stack",
            summary: "the extra MSA stack with global column attention",
            model: crate::evoformer::extra_msa::extra_msa_stack,
        },
        Entry {
            name: "template_pair_stack",
            summary: "the template pair stack and pointwise attention",
            model: crate::template::template::template_pair_stack,
        },
        Entry {
            name: "alignment_evoformer",
            summary: "input embedder, Evoformer stack and single representation of an alignment",
            model: crate::alignment_evoformer::alignment::alignment_evoformer,
        },
        Entry { name: "gpt_block", summary: "one decoder block of GPT-2, causal", model: crate::gpt::gpt::gpt_block },
    ]
}
