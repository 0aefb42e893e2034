//! A model as exported to other crates: its library as JSON and the name of a function.

use std::fmt;

use super::ast::Library;
use super::diagnostic::Diagnostic;
use super::function::{Elaborated, Signature, elaborate, signature};
use super::promise::{Promised, graph_digest};
use super::settings::{Options, Settings};
use crate::ir::{Graph, Sizes};
use crate::plan::{Plan, Target};

/// A function of a model library, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// The library, as JSON.
    pub library: &'static str,
    /// The function.
    pub function: &'static str,
    /// The plans of the module's promises, as JSON; empty where there are none.
    pub promises: &'static str,
}

/// Why a model has no graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The library cannot be read.
    #[error("the model's library cannot be read: {0}")]
    Library(String),
    /// The function or a setting does not fit.
    #[error("{}", Listed(.0))]
    Wrong(Vec<Diagnostic>),
}

struct Listed<'a>(&'a [Diagnostic]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, mistake) in self.0.iter().enumerate() {
            let gap = if k == 0 { "" } else { "\n" };
            write!(f, "{gap}{mistake}")?;
        }
        Ok(())
    }
}

impl Model {
    /// A function of a library.
    pub const fn new(library: &'static str, function: &'static str) -> Model {
        Model { library, function, promises: "" }
    }

    /// The function with the plans of its module's promises.
    #[must_use]
    pub const fn promising(self, promises: &'static str) -> Model {
        Model { promises, ..self }
    }

    /// The plan made while compiling for exactly this graph, these sizes (of axes and of constants that
    /// stayed symbols) and this budget, on this kind of machine with at most as many threads as it was planned for.
    pub fn promised(&self, graph: &Graph, sizes: &Sizes, budget: u64, target: &Target) -> Option<Plan> {
        let promises: Vec<Promised> = serde_json::from_str(self.promises).ok()?;
        let mut own = promises.into_iter().filter(|p| p.function == self.function).peekable();
        own.peek()?;
        // A user's own cost table may rank plans differently.
        if !target.is_shipped() {
            return None;
        }
        let graph = graph_digest(graph);
        let machine = |known: &Target| {
            *known == Target::shipped(target.instructions, known.threads) && target.threads <= known.threads
        };
        let fits = |p: &Promised| {
            p.graph == graph && p.plan.sizes == *sizes && p.plan.budget == Some(budget) && machine(&p.plan.target)
        };
        own.find(fits).map(|p| p.plan)
    }

    /// The library.
    ///
    /// # Errors
    /// A text that is not a library of this version of the macro.
    pub fn library(&self) -> Result<Library, ModelError> {
        serde_json::from_str(self.library).map_err(|e| ModelError::Library(e.to_string()))
    }

    /// The function's signature.
    ///
    /// # Errors
    /// A library that cannot be read or lacks the function.
    pub fn signature(&self) -> Result<Signature, ModelError> {
        signature(&self.library()?, self.function).map_err(ModelError::Wrong)
    }

    /// The function's graph.
    ///
    /// # Errors
    /// A library that cannot be read, an unknown setting, or a model that does not fit the settings.
    pub fn elaborate(&self, settings: &Settings, options: &Options) -> Result<Elaborated, ModelError> {
        elaborate(&self.library()?, self.function, settings, options).map_err(ModelError::Wrong)
    }
}
