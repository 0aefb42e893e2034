//! Options of elaboration: values of a model's constants, and what is recorded.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ast::{Literal, Span};
use super::diagnostic::{Code, Diagnostic};
use super::program::{Program, suggest};
use crate::ir::Format;

/// Values for a model's constants (flags, counts, widths), by name; others keep their defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings(BTreeMap<String, Literal>);

impl Settings {
    /// All defaults.
    pub fn new() -> Settings {
        Settings::default()
    }

    /// With a value for a constant.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Literal>) -> Settings {
        self.set(name, value);
        self
    }

    /// Gives a constant a value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Literal>) {
        self.0.insert(name.into(), value.into());
    }

    /// Every value given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Literal)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Every constant's value: the one given, else its default.
    pub(super) fn resolve(&self, program: &Program) -> Result<BTreeMap<String, Literal>, Vec<Diagnostic>> {
        let mut values = program.constants.clone();
        let mut wrong = Vec::new();
        for (name, given) in &self.0 {
            let Some(default) = values.get_mut(name) else {
                let text = format!("there is no setting `{name}`");
                let mut mistake = Diagnostic::new(Code::BudgetSetting, Span(0), text);
                let all: Vec<String> = program.constants.keys().cloned().collect();
                mistake.help = suggest(name, &all).or_else(|| Some("the model has no settings".into()));
                wrong.push(mistake);
                continue;
            };
            match fitting(*default, *given) {
                Some(value) => *default = value,
                None => {
                    let text = format!("setting `{name}` is {}, but is given {}", kind(*default), shown(*given));
                    wrong.push(Diagnostic::new(Code::BudgetSetting, Span(0), text));
                }
            }
        }
        if wrong.is_empty() { Ok(values) } else { Err(wrong) }
    }
}

impl FromIterator<(String, Literal)> for Settings {
    fn from_iter<T: IntoIterator<Item = (String, Literal)>>(pairs: T) -> Settings {
        Settings(pairs.into_iter().collect())
    }
}

impl From<u64> for Literal {
    fn from(value: u64) -> Literal {
        Literal::Size(value)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Literal {
        Literal::Flag(value)
    }
}

impl From<f64> for Literal {
    fn from(value: f64) -> Literal {
        Literal::Number(value)
    }
}

/// A value in the type of a default.
pub(super) fn fitting(default: Literal, given: Literal) -> Option<Literal> {
    match (default, given) {
        (Literal::Size(_), Literal::Size(_))
        | (Literal::Flag(_), Literal::Flag(_))
        | (Literal::Number(_), Literal::Number(_)) => Some(given),
        #[expect(clippy::cast_precision_loss, reason = "a number written without a point")]
        (Literal::Number(_), Literal::Size(n)) => Some(Literal::Number(n as f64)),
        _ => None,
    }
}

/// A constant's type, for messages.
pub(super) fn kind(value: Literal) -> &'static str {
    match value {
        Literal::Size(_) => "a size",
        Literal::Flag(_) => "a flag",
        Literal::Number(_) => "a number",
    }
}

/// A value as written.
pub(super) fn shown(value: Literal) -> String {
    match value {
        Literal::Size(n) => n.to_string(),
        Literal::Flag(b) => b.to_string(),
        Literal::Number(x) => format!("{x:?}"),
    }
}

/// How a function is elaborated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Keep what the model records as outputs; loops over layers are unrolled.
    pub record: bool,
    /// Checkpoint names that are absent: optional parameters among them become `None`. A name with
    /// `{}`, or of layer 0, stands for every layer. An optional input is named by its variable.
    pub absent: BTreeSet<String>,
    /// Inputs that are all ones, as the masks of a full alignment: they stay inputs, but are not read.
    pub ones: BTreeSet<String>,
    /// Keep constants as symbols in the graph's shapes, so that they print as `C_M`.
    pub symbolic: bool,
    /// The narrowest format of values between operations; the function's own unless given.
    #[serde(default)]
    pub precision: Option<Format>,
}

impl Default for Options {
    fn default() -> Options {
        Options { record: false, absent: BTreeSet::new(), ones: BTreeSet::new(), symbolic: true, precision: None }
    }
}
