//! Seconds of runs, and the sizes at which they were taken.

use std::fmt;

use serde_json::{Value, json};

use crate::block::Size;

/// Seconds of some runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    pub(crate) fn add(&mut self, seconds: f64) {
        let at = self.0.partition_point(|known| *known < seconds);
        self.0.insert(at, seconds);
    }

    pub(crate) fn median(&self) -> f64 {
        let (low, high) = (self.0.len().saturating_sub(1) / 2, self.0.len() / 2);
        let at = |k: usize| self.0.get(k).copied().unwrap_or(f64::NAN);
        f64::midpoint(at(low), at(high))
    }

    pub(crate) fn min(&self) -> f64 {
        self.0.first().copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn runs(&self) -> usize {
        self.0.len()
    }
}

/// How long a program's axes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At(pub(crate) Vec<(&'static str, u64)>);

impl From<Size> for At {
    fn from((s, r): Size) -> At {
        At(vec![("s", s), ("r", r)])
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes: Vec<String> = self.0.iter().map(|(name, length)| format!("{name}={length}")).collect();
        f.write_str(&axes.join(" "))
    }
}

impl At {
    /// The axes as JSON, and more beside them.
    pub(crate) fn with(&self, more: Value) -> Value {
        let axes = self.0.iter().map(|(name, length)| ((*name).to_string(), json!(length)));
        let more = more.as_object().cloned().unwrap_or_default();
        Value::Object(axes.chain(more).collect())
    }
}
