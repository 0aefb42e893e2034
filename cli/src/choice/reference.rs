//! Reference files: weights, inputs, expected tensors and configuration of one model in one safetensors file.
//!
//! Names are `weights.*`, `in.*`, `mid.*`, `out.*` and `out64.*`; the metadata's `config` is JSON with OpenFold's keys.

use std::collections::BTreeSet;
use std::path::Path;

use crease_core::ir::Sizes;
use crease_core::lang::ast::Literal;
use crease_models::checkpoint::{Checkpoint, TensorFile, pattern};
use crease_models::registry;
use serde_json::{Map, Value};

use super::infer::{Equations, adopt};
use super::model::{Chosen, Pair};
use crate::terminal::{CliError, usage};

/// OpenFold's keys and this project's settings: of Evoformer blocks and stacks and of the structure module, of the
/// template pair stack, of template pointwise attention.
const FLAT: [(&str, &str); 23] = [
    ("c_m", "C_M"),
    ("c_z", "C_Z"),
    ("c_s", "C_S"),
    ("c_hidden_msa_att", "C_HIDDEN_MSA"),
    ("c_hidden_opm", "C_HIDDEN_OPM"),
    ("c_hidden_mul", "C_HIDDEN_MUL"),
    ("c_hidden_pair_att", "C_HIDDEN_PAIR"),
    ("no_heads_msa", "HEADS_MSA"),
    ("no_heads_pair", "HEADS_PAIR"),
    ("no_blocks", "BLOCKS"),
    ("transition_n", "TRANSITION_N"),
    ("opm_first", "OPM_FIRST"),
    ("fuse_projection_weights", "FUSED_PROJECTIONS"),
    ("_mask_trans", "MASK_TRANSITIONS"),
    ("inf", "INF"),
    ("eps", "EPS"),
    ("epsilon", "EPS"),
    ("c_ipa", "C_IPA"),
    ("c_resnet", "C_RESNET"),
    ("no_heads_ipa", "HEADS_IPA"),
    ("no_qk_points", "POINTS_QK"),
    ("no_v_points", "POINTS_V"),
    ("trans_scale_factor", "TRANS_SCALE"),
];
const STACK: [(&str, &str); 9] = [
    ("c_t", "C_T"),
    ("c_hidden_tri_att", "C_HIDDEN_PAIR"),
    ("c_hidden_tri_mul", "C_HIDDEN_MUL"),
    ("no_blocks", "BLOCKS"),
    ("no_heads", "HEADS_PAIR"),
    ("pair_transition_n", "TRANSITION_N"),
    ("tri_mul_first", "TRI_MUL_FIRST"),
    ("fuse_projection_weights", "FUSED_PROJECTIONS"),
    ("inf", "INF"),
];
const POINTWISE: [(&str, &str); 5] = [
    ("c_t", "C_T"),
    ("c_z", "C_Z"),
    ("c_hidden", "C_HIDDEN_POINTWISE"),
    ("no_heads", "HEADS_POINTWISE"),
    ("inf", "POINTWISE_INF"),
];

/// A reference file, its model and its sizes.
pub(crate) struct Reference {
    pub(crate) file: TensorFile,
    pub(crate) chosen: Chosen,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) axes: Sizes,
}

/// Longest `config` that is read, in bytes; it has some dozens of entries.
const LONGEST_CONFIG: usize = 1 << 20;

impl Reference {
    /// Opens a file. Without a name, the model is the one whose inputs and weights the file has.
    pub(crate) fn open(path: &Path, model: Option<&str>, set: &[Pair]) -> Result<Reference, CliError> {
        let file = TensorFile::open(path)?;
        let name = match model {
            Some(name) => name.to_string(),
            None => recognise(&file)?,
        };
        let mut chosen = Chosen::new(&name, set)?;
        configure(&mut chosen, &file)?;
        let checkpoint = Checkpoint::open(path, &chosen.signature.parameters, Some("weights."))?;
        let mut equations = Equations::new(&chosen);
        equations.inputs(&chosen, &file, "in.");
        equations.weights(&chosen, &checkpoint);
        let axes = adopt(&mut chosen, &equations.solve());
        Ok(Reference { file, chosen, checkpoint, axes })
    }

    /// Names of the file's tensors under a prefix, without it.
    pub(crate) fn under(&self, prefix: &str) -> Vec<String> {
        self.file.names().filter_map(|n| n.strip_prefix(prefix)).map(str::to_string).collect()
    }
}

/// The model with the file's inputs and most of its weights' names.
fn recognise(file: &TensorFile) -> Result<String, CliError> {
    let weights: BTreeSet<String> = file.names().filter_map(|n| n.strip_prefix("weights.")).map(pattern).collect();
    let mut best = (0, "");
    for entry in registry() {
        let signature = (entry.model)().signature()?;
        let given = |name: &str| file.shape(&file.input("in.", name)).is_some();
        if signature.inputs.iter().any(|i| !i.optional && !given(&i.name)) {
            continue;
        }
        let known: BTreeSet<&str> = signature.parameters.iter().map(|p| p.name.as_str()).collect();
        let hits = weights.iter().filter(|w| known.contains(w.as_str())).count();
        best = best.max((hits, entry.name));
    }
    if best.0 == 0 {
        return Err(usage(format!(
            "{}: is no reference of any model here: expected `in.*` and `weights.*` of one of {}",
            file.path().display(),
            registry().iter().map(|e| e.name).collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(best.1.to_string())
}

/// Takes the settings that the file's `config` has; those that the user gave stand.
fn configure(chosen: &mut Chosen, file: &TensorFile) -> Result<(), CliError> {
    let Some(text) = file.metadata().get("config") else { return Ok(()) };
    let fail = |problem: String| usage(format!("{}: `config` in the metadata {problem}", file.path().display()));
    if text.len() > LONGEST_CONFIG {
        return Err(fail(format!("has {} bytes, expected at most {LONGEST_CONFIG}", text.len())));
    }
    let config: Value = serde_json::from_str(text).map_err(|e| fail(format!("is no JSON: {e}")))?;
    let Value::Object(config) = config else { return Err(fail("is no JSON object".into())) };
    if config.get("no_column_attention") == Some(&Value::Bool(true)) {
        return Err(fail("has no_column_attention: this model always has it".into()));
    }
    let none = Map::new();
    let section = |name: &str| config.get(name).and_then(Value::as_object).unwrap_or(&none);
    for (keys, table) in [(&config, &FLAT[..]), (section("stack"), &STACK[..]), (section("pointwise"), &POINTWISE[..])]
    {
        for (key, setting) in table {
            let (Some(value), Some(default)) = (keys.get(*key), chosen.default_of(setting)) else { continue };
            let value = match default {
                Literal::Size(_) => value.as_u64().map(Literal::Size),
                Literal::Flag(_) => value.as_bool().map(Literal::Flag),
                Literal::Number(_) => value.as_f64().map(Literal::Number),
            };
            let value = value.ok_or_else(|| fail(format!("has {} for `{key}`, of another kind", keys[*key])))?;
            if !chosen.is_set(setting) {
                chosen.settings.set(*setting, value);
            }
        }
    }
    Ok(())
}
