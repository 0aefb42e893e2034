//! Tensors of files in and out of a run.

use std::collections::BTreeMap;

use crease_core::lang::Options;
use crease_core::lang::ast::Literal;
use crease_core::plan::Plan;
use crease_models::checkpoint::{Checkpoint, TensorFile, Written};
use crease_runtime::{Backend, Executable};

use super::infer::shown;
use super::model::Chosen;
use crate::terminal::CliError;

/// A checkpoint says by its names whether it has one projection for both sides of a triangle multiplication.
pub(crate) fn fused(chosen: &mut Chosen, checkpoint: &Checkpoint) {
    const SETTING: &str = "FUSED_PROJECTIONS";
    let joint = |name: &str| name.contains(".linear_ab_p.");
    let there = chosen.signature.parameters.iter().any(|p| joint(&p.name) && checkpoint.has(p));
    if there && chosen.default_of(SETTING) == Some(Literal::Flag(false)) && !chosen.is_set(SETTING) {
        chosen.settings.set(SETTING, true);
    }
}

/// Optional inputs and parameters that are not there become `None`.
pub(crate) fn options(chosen: &Chosen, checkpoint: &Checkpoint, inputs: &TensorFile, prefix: &str) -> Options {
    let signature = &chosen.signature;
    let no_input = |name: &str| inputs.shape(&inputs.input(prefix, name)).is_none();
    let gone_inputs = signature.inputs.iter().filter(|i| i.optional && no_input(&i.name)).map(|i| i.name.clone());
    let gone = signature.parameters.iter().filter(|p| p.optional && !checkpoint.has(p)).map(|p| p.name.clone());
    Options { absent: gone_inputs.chain(gone).collect(), ..Options::default() }
}

/// Reads every input from its file straight to its place in the arena.
pub(crate) fn set_inputs<B: Backend>(
    executable: &mut Executable<'_, B>,
    chosen: &Chosen,
    file: &TensorFile,
    prefix: &str,
) -> Result<(), CliError> {
    for port in &executable.plan().inputs.clone() {
        let name = file.input(prefix, &port.name);
        let found = file.expect_shape(&name)?;
        if found.len() != port.shape.len() || found.iter().zip(&port.shape).any(|(a, b)| *a as u64 != *b) {
            let own = chosen.signature.inputs.iter().find(|i| i.name == port.name);
            return Err(CliError::Shape {
                file: file.path().to_path_buf(),
                name,
                expected: port.shape.clone(),
                symbols: own.map(|i| shown(&i.shape)).unwrap_or_default(),
                found: found.to_vec(),
            });
        }
        file.read_into(&name, executable.input(&port.name)?)?;
    }
    Ok(())
}

/// Every output where it stands in the arena; all of them are finite.
pub(crate) fn outputs<'e, B: Backend>(
    executable: &'e Executable<'_, B>,
    plan: &'e Plan,
    renamed: impl Fn(&str) -> String,
) -> Result<Vec<Written<'e>>, CliError> {
    let written = |port: &'e crease_core::plan::PlanPort| {
        let numbers = executable.output(&port.name)?;
        expect_finite(&port.name, numbers)?;
        Ok((renamed(&port.name), port.shape.as_slice(), numbers))
    };
    plan.outputs.iter().map(written).collect()
}

fn expect_finite(output: &str, numbers: &[f32]) -> Result<(), CliError> {
    match numbers.iter().filter(|x| !x.is_finite()).count() {
        0 => Ok(()),
        count => {
            let element = numbers.iter().position(|x| !x.is_finite()).unwrap_or_default();
            let (output, of, value) = (output.to_string(), numbers.len(), numbers[element]);
            Err(CliError::NotFinite { output, count, of, value, element })
        }
    }
}

/// What an output file says of itself.
pub(crate) fn about(chosen: &Chosen) -> BTreeMap<String, String> {
    let mut about = BTreeMap::from([("model".to_string(), chosen.name.clone())]);
    let settings: Vec<String> = chosen
        .settings
        .iter()
        .map(|(name, value)| match value {
            Literal::Size(n) => format!("{name}={n}"),
            Literal::Flag(b) => format!("{name}={b}"),
            Literal::Number(x) => format!("{name}={x:?}"),
        })
        .collect();
    about.insert("settings".into(), settings.join(" "));
    about
}
