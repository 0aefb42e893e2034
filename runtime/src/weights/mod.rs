//! Weights by checkpoint name: tensors of safetensors files, or tensors made in memory.
//!
//! Of a file only the header is held. What a plan holds of it is read when the plan is made ready, what it streams when
//! its turn comes: [`planned`] does both, and converts numbers of other types as they are read.

mod error;
mod planned;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crease_core::ir::{layer_name, stacked_name};
use crease_core::plan::PlanParam;

use crate::file::{TensorFile, first_not_finite};

pub use error::WeightsError;
pub(crate) use planned::{PlanWeights, only_copied, streamed};

/// A named set of tensors, from one file or several.
#[derive(Default)]
pub struct Weights {
    parts: Vec<Part>,
}

/// The tensors of one source.
#[derive(Default)]
struct Part {
    from: String,
    /// Stands before the names of all of them.
    prefix: String,
    tensors: BTreeMap<String, Entry>,
}

struct Entry {
    shape: Vec<usize>,
    data: Data,
}

enum Data {
    /// In a file, under the file's own name; whether all of it was found to be finite numbers.
    File { file: Arc<TensorFile>, name: String, looked: OnceLock<()> },
    /// In memory, and the first number that is not finite, once it was looked for.
    Memory { numbers: Vec<f32>, bad: OnceLock<Option<usize>> },
}

/// Where the elements of a weight are, in one layer.
#[derive(Clone, Copy)]
pub(crate) struct Source<'w> {
    part: &'w Part,
    /// Its name in the part.
    name: &'w str,
    entry: &'w Entry,
    /// Elements of the tensor, from one on.
    first: usize,
    count: usize,
}

impl Weights {
    /// No weights, to be filled by [`Weights::insert`]; `from` names them in errors.
    pub fn new(from: impl Into<String>) -> Weights {
        Weights { parts: vec![Part { from: from.into(), ..Part::default() }] }
    }

    /// Adds a tensor held in memory.
    ///
    /// # Panics
    /// If the shape is not that of the data.
    pub fn insert(&mut self, name: impl Into<String>, shape: Vec<usize>, data: Vec<f32>) {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "a tensor has as many elements as its shape says");
        if self.parts.is_empty() {
            self.parts.push(Part::default());
        }
        let data = Data::Memory { numbers: data, bad: OnceLock::new() };
        self.parts[0].tensors.insert(name.into(), Entry { shape, data });
    }

    /// Adds the tensors of another set under a prefix of their own. Errors name them, and where they come from, as
    /// before.
    pub fn join(&mut self, prefix: &str, other: Weights) {
        self.parts
            .extend(other.parts.into_iter().map(|part| Part { prefix: format!("{prefix}{}", part.prefix), ..part }));
    }

    /// Opens a safetensors file: its header is read, its tensors are when they are needed.
    ///
    /// # Errors
    /// A file that cannot be read or is no safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<Weights, WeightsError> {
        Weights::open_with(path, |name| Some(name.to_string()))
    }

    /// Opens a safetensors file and takes those tensors that `rename` gives a name, under it. The others are not
    /// looked at.
    ///
    /// # Errors
    /// See [`Weights::open`].
    pub fn open_with(path: impl AsRef<Path>, rename: impl Fn(&str) -> Option<String>) -> Result<Weights, WeightsError> {
        let file = Arc::new(TensorFile::open(path)?);
        let tensors = file.names().filter_map(|name| {
            let shape = file.shape(name).unwrap_or_default().to_vec();
            let data = Data::File { file: file.clone(), name: name.to_string(), looked: OnceLock::new() };
            Some((rename(name)?, Entry { shape, data }))
        });
        let (from, tensors) = (file.path().display().to_string(), tensors.collect());
        Ok(Weights { parts: vec![Part { from, prefix: String::new(), tensors }] })
    }

    /// Whether every tensor that is needed is in a file, to be read when it is needed. Tensors made in memory are held
    /// for good: a plan for them is asked of [`holding_weights`](crease_core::plan::Planner::holding_weights), else it
    /// would hold more than it says.
    pub fn are_in_file(&self, needed: impl Fn(&str) -> bool) -> bool {
        let in_file = |entry: &Entry| matches!(entry.data, Data::File { .. });
        let fits =
            |part: &Part| part.tensors.iter().all(|(n, e)| in_file(e) || !needed(&format!("{}{n}", part.prefix)));
        self.parts.iter().all(fits)
    }

    /// Reads all tensors through, keeping nothing: files come nearer, and what must be finite is known to be. To be done
    /// beside other work. What is wrong is told when the tensor is needed.
    pub fn look_through(&self) {
        for part in &self.parts {
            for (name, entry) in &part.tensors {
                let _ = part.look(name, entry);
            }
        }
    }

    /// Extents and elements of a tensor made in memory.
    pub fn get(&self, name: &str) -> Option<(&[usize], &[f32])> {
        let (_, _, entry) = self.find(name)?;
        match &entry.data {
            Data::Memory { numbers, .. } => Some((&entry.shape, numbers)),
            Data::File { .. } => None,
        }
    }

    /// A tensor: its part, its name there, and what is known of it.
    fn find(&self, name: &str) -> Option<(&Part, &str, &Entry)> {
        self.parts.iter().find_map(|part| {
            let (name, entry) = part.tensors.get_key_value(name.strip_prefix(part.prefix.as_str())?)?;
            Some((part, name.as_str(), entry))
        })
    }

    /// Where a weight is in each layer, innermost layer fastest. A checkpoint may hold layers one by one (`blocks.0.x`)
    /// or stacked on a leading axis (`blocks.x`). Nothing is read.
    ///
    /// # Errors
    /// A tensor that is missing, has another shape or is of a type that cannot be read.
    fn resolve(&self, param: &PlanParam) -> Result<Vec<Source<'_>>, WeightsError> {
        let counts: Vec<u64> = param.layers.iter().map(|l| l.1).collect();
        if counts.contains(&0) {
            return Ok(Vec::new());
        }
        // Turns of a loop within the layers that the name numbers read the same tensor.
        let (numbered, turns) = counts.split_at(param.numbers());
        let [layers, turns] = [numbered, turns].map(|counts| counts.iter().product::<u64>() as usize);
        let stacked = stacked_name(&param.name);
        if !numbered.is_empty()
            && self.find(&layer_name(&param.name, &vec![0; numbered.len()])).is_none()
            && let Some((part, name, entry)) = self.find(&stacked)
        {
            let expected: Vec<u64> = numbered.iter().chain(&param.shape).copied().collect();
            let count = part.expect(name, entry, &expected)? / layers;
            let layer = |k: usize| Source { part, name, entry, first: k / turns * count, count };
            return Ok((0..layers * turns).map(layer).collect());
        }
        let each = param.names().into_iter().map(|name| {
            let (part, name, entry) = self.find(&name).ok_or_else(|| self.missing(&name, &param.shape))?;
            Ok(Source { part, name, entry, first: 0, count: part.expect(name, entry, &param.shape)? })
        });
        each.collect()
    }

    /// What is said of a tensor that is in none of the sources: it is looked for in the one whose prefix it has.
    fn missing(&self, name: &str, shape: &[u64]) -> WeightsError {
        let own = self.parts.iter().filter(|p| name.starts_with(&p.prefix)).max_by_key(|p| p.prefix.len());
        let (from, prefix) = own.map_or(("the weights", ""), |p| (&p.from, &p.prefix));
        let name = &name[prefix.len()..];
        // The name with the most letters in common at both ends.
        let common = |n: &str| {
            let head = n.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
            head + n.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a == b).count()
        };
        let names = own.into_iter().flat_map(|p| p.tensors.keys());
        let near = names.max_by_key(|n| common(n)).filter(|n| common(n) > 0);
        let near = near.map_or(String::new(), |n| format!("; the nearest is `{n}`"));
        WeightsError::Missing { from: from.to_string(), name: name.to_string(), shape: shape.to_vec(), near }
    }
}

impl Part {
    /// Makes sure that a tensor has a shape and is of a type that can be read; how many elements it has.
    fn expect(&self, name: &str, entry: &Entry, expected: &[u64]) -> Result<usize, WeightsError> {
        if !entry.shape.iter().map(|extent| *extent as u64).eq(expected.iter().copied()) {
            let (from, name, found) = (self.from.clone(), name.to_string(), entry.shape.clone());
            return Err(WeightsError::Shape { from, name, expected: expected.to_vec(), found });
        }
        if let Data::File { file, name, .. } = &entry.data {
            file.expect_numbers(name)?;
        }
        Ok(entry.shape.iter().product())
    }

    /// Makes sure that all numbers of a tensor are finite; what was found to be is not looked at again.
    fn look(&self, name: &str, entry: &Entry) -> Result<(), WeightsError> {
        match &entry.data {
            Data::File { file, name, looked } => {
                if looked.get().is_none() {
                    file.look_through(name)?;
                    looked.get_or_init(|| ());
                }
                Ok(())
            }
            Data::Memory { numbers, bad } => match bad.get_or_init(|| first_not_finite(numbers)) {
                &Some(element) => {
                    let (from, name, value) = (self.from.clone(), name.to_string(), numbers[element]);
                    Err(WeightsError::NotFinite { from, name, value, element })
                }
                None => Ok(()),
            },
        }
    }
}

impl<'w> Source<'w> {
    /// The elements, where they are in memory.
    fn in_memory(&self) -> Option<&'w [f32]> {
        match &self.entry.data {
            Data::Memory { numbers, .. } => Some(&numbers[self.first..self.first + self.count]),
            Data::File { .. } => None,
        }
    }

    /// Copies the elements to where they are wanted.
    fn read(&self, into: &mut [f32]) -> Result<(), WeightsError> {
        match &self.entry.data {
            Data::File { file, name, .. } => Ok(file.read_part(name, self.first, into)?),
            Data::Memory { numbers, .. } => {
                into.copy_from_slice(&numbers[self.first..self.first + self.count]);
                Ok(())
            }
        }
    }

    /// See [`Part::look`].
    fn look(&self) -> Result<(), WeightsError> {
        self.part.look(self.name, self.entry)
    }

    /// The same for the same elements.
    fn place(&self) -> (usize, usize) {
        (std::ptr::from_ref(self.entry).addr(), self.first)
    }
}
