//! Checkpoints: whose names are a model's, what sizes they imply, and random ones where there are none.
//!
//! Absent on purpose: anything that knows a certain model. Names come from its signature.

mod names;
mod random;
mod store;
mod torch;
mod write;
mod zip;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crease_core::ir::stacked_name;
use crease_core::lang::Parameter;
use crease_runtime::{Weights, WeightsError, open_plain};

pub use crease_runtime::{FileError, TensorFile};
pub use names::pattern;
pub use random::random_weights;
pub use store::{
    IGFOLD, IgFoldFiles, MINILM, MiniLmFiles, Origin, Package, Set, State, StoreError, Talk, cache, install, state,
};
pub use torch::TorchFile;
pub use write::{ConvertError, Written};

/// A checkpoint of which the names and shapes are known, the numbers not yet.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    prefix: String,
    /// Shapes by the model's names.
    shapes: BTreeMap<String, Vec<usize>>,
}

impl Checkpoint {
    /// Reads the header of a file and finds the parameters in it, whatever prefix they have; a given
    /// prefix is taken as it is.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn open(path: impl AsRef<Path>, parameters: &[Parameter], prefix: Option<&str>) -> Result<Self, FileError> {
        let file = TensorFile::open(path)?;
        let all: Vec<(String, &[usize])> =
            file.names().map(|n| (names::current(n), file.shape(n).unwrap_or_default())).collect();
        let prefix = match prefix {
            Some(given) if given.is_empty() || given.ends_with('.') => given.to_string(),
            Some(given) => format!("{given}."),
            None => {
                let expected: BTreeSet<String> = parameters.iter().map(|p| names::pattern(&p.name)).collect();
                names::prefix(all.iter().map(|(n, _)| n.as_str()), &expected)
            }
        };
        let own = |(name, shape): &(String, &[usize])| Some((name.strip_prefix(&prefix)?.to_string(), shape.to_vec()));
        let shapes = all.iter().filter_map(own).collect();
        Ok(Checkpoint { path: file.path().to_path_buf(), prefix, shapes })
    }

    /// What stands before the model's names in the file.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether a parameter is there, in its first layer or stacked.
    pub fn has(&self, parameter: &Parameter) -> bool {
        self.shape(parameter).is_some()
    }

    /// The extents of one layer of a parameter, and how many layers there are for each `{}`.
    pub fn shape(&self, parameter: &Parameter) -> Option<(Vec<usize>, Vec<u64>)> {
        let holes = parameter.name.matches("{}").count();
        let at = |hole: usize, n: u64| {
            let parts = parameter.name.split("{}").enumerate();
            parts.fold(String::new(), |name, (k, part)| match k {
                0 => part.to_string(),
                k => format!("{name}{}{part}", if k - 1 == hole { n } else { 0 }),
            })
        };
        if let Some(shape) = self.shapes.get(&at(usize::MAX, 0)) {
            let count = |hole| (0..).take_while(|n| self.shapes.contains_key(&at(hole, *n))).count() as u64;
            return Some((shape.clone(), (0..holes).map(count).collect()));
        }
        let stacked = self.shapes.get(&stacked_name(&parameter.name))?;
        let rank = stacked.len().checked_sub(holes).filter(|_| holes > 0)?;
        Some((stacked[stacked.len() - rank..].to_vec(), stacked[..holes].iter().map(|n| *n as u64).collect()))
    }

    /// The weights under the model's names. Other tensors of the file are not looked at.
    ///
    /// # Errors
    /// See [`Weights::open_with`].
    pub fn weights(&self) -> Result<Weights, WeightsError> {
        Weights::open_with(&self.path, |name| Some(names::current(name).strip_prefix(&self.prefix)?.to_string()))
    }
}
