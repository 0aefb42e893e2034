//! From words on the command line to a model, its settings and its sizes.

use std::collections::BTreeSet;
use std::str::FromStr;

use crease_core::ir::{Sizes, stacked_name};
use crease_core::lang::ast::Literal;
use crease_core::lang::{Model, Parameter, Settings, Signature};
use crease_models::checkpoint::pattern;
use crease_models::registry;

use crate::terminal::{CliError, suggestion, usage};

/// `NAME=VALUE`.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Pair, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
                Ok(Pair { name: name.trim().into(), value: value.trim().into() })
            }
            _ => Err(format!("expected NAME=VALUE, found `{text}`")),
        }
    }
}

/// A model and what was chosen for it.
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) model: Model,
    pub(crate) signature: Signature,
    pub(crate) settings: Settings,
}

impl Chosen {
    /// A model by name, with settings written `NAME=VALUE`.
    pub(crate) fn new(name: &str, set: &[Pair]) -> Result<Chosen, CliError> {
        let Some(entry) = registry().iter().find(|e| e.name == name) else {
            let near = suggestion(name, registry().iter().map(|e| e.name));
            return Err(usage(format!("there is no model `{name}`: {near}")));
        };
        let model = (entry.model)();
        let mut chosen = Chosen { name: name.into(), signature: model.signature()?, model, settings: Settings::new() };
        for pair in set {
            chosen.set(pair)?;
        }
        Ok(chosen)
    }

    fn set(&mut self, pair: &Pair) -> Result<(), CliError> {
        let (name, text) = (&pair.name, &pair.value);
        let Some(default) = self.default_of(name) else {
            let known = self.signature.settings.iter().map(|c| c.name.text.as_str());
            let axis = self.signature.axes.iter().any(|a| a.name.text == *name);
            let near = if axis { format!("it is an axis: write -d {name}={text}") } else { suggestion(name, known) };
            return Err(usage(format!("{} has no setting `{name}`: {near}", self.name)));
        };
        if self.settings.iter().any(|(known, _)| known == name) {
            return Err(usage(format!("setting `{name}` is given twice")));
        }
        let (value, kind) = match default {
            Literal::Size(_) => {
                let size = text.parse().ok().filter(|size| *size <= LONGEST_AXIS).map(Literal::Size);
                (size, "a whole number up to 16777216")
            }
            Literal::Flag(_) => (text.parse().ok().map(Literal::Flag), "true or false"),
            Literal::Number(_) => {
                // Kernels compute in 32 bits.
                let number = text.parse().ok().filter(|x: &f64| (*x as f32).is_finite());
                (number.map(Literal::Number), "a finite number below 3.4e38 in size")
            }
        };
        let Some(value) = value else {
            return Err(usage(format!("setting `{name}` is {kind}, found `{text}`")));
        };
        self.settings.set(name.clone(), value);
        Ok(())
    }

    /// Inputs that are said to be all ones.
    pub(crate) fn ones(&self, names: &[String]) -> Result<BTreeSet<String>, CliError> {
        let known = || self.signature.inputs.iter().map(|i| i.name.as_str());
        match names.iter().find(|name| known().all(|k| k != **name)) {
            Some(name) => Err(usage(format!("{} has no input `{name}`: {}", self.name, suggestion(name, known())))),
            None => Ok(names.iter().cloned().collect()),
        }
    }

    /// Whether a tensor of a checkpoint is a parameter of the model, alone or stacked.
    pub(crate) fn reads(&self, name: &str) -> bool {
        let name = pattern(name);
        let is = |p: &Parameter| pattern(&p.name) == name || stacked_name(&p.name) == name;
        self.signature.parameters.iter().any(is)
    }

    /// The default of a setting.
    pub(crate) fn default_of(&self, name: &str) -> Option<Literal> {
        self.signature.settings.iter().find(|c| c.name.text == name).map(|c| c.value)
    }

    /// Whether a setting has a value of the user's.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.settings.iter().any(|(known, _)| known == name)
    }

    /// Sizes of all axes, from `NAME=VALUE`.
    pub(crate) fn sizes(&self, pairs: &[Pair]) -> Result<Sizes, CliError> {
        let axes: Vec<&str> = self.signature.axes.iter().map(|a| a.name.text.as_str()).collect();
        let mut sizes = Sizes::new();
        for Pair { name, value } in pairs {
            if !axes.contains(&name.as_str()) {
                let setting = self.default_of(name).is_some();
                let near = match setting {
                    true => format!("it is a setting: write --set {name}={value}"),
                    false => suggestion(name, axes.iter().copied()),
                };
                return Err(usage(format!("{} has no axis `{name}`: {near}", self.name)));
            }
            let size = value.parse().ok().filter(|size| (1..=LONGEST_AXIS).contains(size)).ok_or_else(|| {
                usage(format!(
                    "the size of axis `{name}` must be a whole number from 1 to {LONGEST_AXIS}, found `{value}`"
                ))
            })?;
            if sizes.insert(name.clone(), size).is_some() {
                return Err(usage(format!("axis `{name}` is given twice")));
            }
        }
        if let Some(missing) = axes.iter().find(|a| !sizes.contains_key(**a)) {
            return Err(usage(format!("{} needs a size for axis `{missing}`: add -d {missing}=SIZE", self.name)));
        }
        Ok(sizes)
    }
}

/// Longest axis, widest width: positions up to here are exact in 32-bit floats.
pub(crate) const LONGEST_AXIS: u64 = 1 << 24;
