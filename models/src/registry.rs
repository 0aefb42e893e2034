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
        Entry {
            name: "structure_module",
            summary: "AlphaFold 2's structure module: frames, angles and atoms",
            model: crate::structure_module::structure_module::structure_module,
        },
        Entry {
            name: "sentence_embedding",
            summary: "a BERT encoder's mean vector of a text's tokens",
            model: crate::bert::bert::sentence_embedding,
        },
        Entry {
            name: "igfold",
            summary: "IgFold: an antibody's backbone and its expected error, from an encoder's tokens and maps",
            model: crate::igfold::igfold::igfold,
        },
        Entry {
            name: "antibody_pair",
            summary: "a heavy and a light chain to their backbone: encoder and ensemble",
            model: crate::antibody::antibody::antibody_pair,
        },
        Entry {
            name: "antibody_chain",
            summary: "the same for a single chain",
            model: crate::antibody::antibody::antibody_chain,
        },
        Entry { name: "gpt_block", summary: "one decoder block of GPT-2, causal", model: crate::gpt::gpt::gpt_block },
    ]
}
