//! From words on the command line to a model, its settings and its sizes.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::str::FromStr;

use crease_core::ir::{Format, Sizes, stacked_name};
use crease_core::lang::ast::Literal;
use crease_core::lang::{Model, Parameter, Settings, Signature};
use crease_core::plan::{Plan, Planner};
use crease_core::units::parse_bytes;
use crease_runtime::{Cpu, cpu};

use super::error::{CliError, suggestion, usage};
use crate::checkpoint::pattern;
use crate::registry;

/// Most threads that a plan may be made for.
const MOST_THREADS: usize = 1024;

/// `NAME=VALUE`.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
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

/// The bytes that a run may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Budget {
    /// Not more than these.
    Bytes(u64),
    /// The smallest that the planner meets.
    Smallest,
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Budget, String> {
        match text.trim() {
            "smallest" => Ok(Budget::Smallest),
            text => parse_bytes(text).map(Budget::Bytes),
        }
    }
}

/// What a run may round.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct Precision {
    /// What values between operations may be kept in: f32, or bf16, which takes half the memory and rounds each to 8
    /// significant bits. Inputs, outputs, state, weights and sums stay f32. As the model says unless given.
    #[arg(long, value_name = "FORMAT")]
    pub(super) precision: Option<Format>,
}

/// The plan under a budget; none for the fastest.
pub(super) fn plan_within(planner: &Planner, budget: Option<Budget>) -> Result<Plan, CliError> {
    let bytes = match budget {
        None => None,
        Some(Budget::Bytes(bytes)) => Some(bytes),
        Some(Budget::Smallest) => Some(planner.leanest().memory.total()),
    };
    Ok(planner.plan(bytes)?)
}

/// A model and what was chosen for it.
pub(super) struct Chosen {
    pub(super) name: String,
    pub(super) model: Model,
    pub(super) signature: Signature,
    pub(super) settings: Settings,
}

impl Chosen {
    /// A model by name, with settings written `NAME=VALUE`.
    pub(super) fn new(name: &str, set: &[Pair]) -> Result<Chosen, CliError> {
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
                (text.parse().ok().filter(|x: &f64| x.is_finite()).map(Literal::Number), "a finite number")
            }
        };
        let Some(value) = value else {
            return Err(usage(format!("setting `{name}` is {kind}, found `{text}`")));
        };
        self.settings.set(name.clone(), value);
        Ok(())
    }

    /// Inputs that are said to be all ones.
    pub(super) fn ones(&self, names: &[String]) -> Result<BTreeSet<String>, CliError> {
        let known = || self.signature.inputs.iter().map(|i| i.name.as_str());
        match names.iter().find(|name| known().all(|k| k != **name)) {
            Some(name) => Err(usage(format!("{} has no input `{name}`: {}", self.name, suggestion(name, known())))),
            None => Ok(names.iter().cloned().collect()),
        }
    }

    /// Whether a tensor of a checkpoint is a parameter of the model, alone or stacked.
    pub(super) fn reads(&self, name: &str) -> bool {
        let name = pattern(name);
        let is = |p: &Parameter| pattern(&p.name) == name || stacked_name(&p.name) == name;
        self.signature.parameters.iter().any(is)
    }

    /// The default of a setting.
    pub(super) fn default_of(&self, name: &str) -> Option<Literal> {
        self.signature.settings.iter().find(|c| c.name.text == name).map(|c| c.value)
    }

    /// Whether a setting has a value of the user's.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.settings.iter().any(|(known, _)| known == name)
    }

    /// Sizes of all axes, from `NAME=VALUE`.
    pub(super) fn sizes(&self, pairs: &[Pair]) -> Result<Sizes, CliError> {
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
pub(super) const LONGEST_AXIS: u64 = 1 << 24;

/// The number of threads asked for, within reason.
pub(super) fn threads(asked: Option<NonZeroUsize>) -> Result<usize, CliError> {
    match asked {
        None => Ok(cpu::pool::available_threads().max(1)),
        Some(n) if n.get() <= MOST_THREADS => Ok(n.get()),
        Some(n) => Err(usage(format!("--threads must be from 1 to {MOST_THREADS}, found {n}"))),
    }
}

/// This machine with a number of threads.
pub(super) fn machine(asked: Option<NonZeroUsize>) -> Result<Cpu, CliError> {
    Ok(Cpu::new(Some(threads(asked)?))?)
}
