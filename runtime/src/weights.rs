//! Weights by checkpoint name: memory-mapped safetensors, or tensors held in memory.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crease_core::ir::{layer_name, stacked_name};
use crease_core::plan::PlanParam;
use memmap2::{Mmap, UncheckedAdvice};
use safetensors::{Dtype, SafeTensors};

/// What is wrong with weights.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("{}: {problem}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        problem: String,
    },
    /// A tensor is not there.
    #[error("{from}: there is no tensor `{name}` {shape:?}{near}")]
    Missing {
        /// Where it was looked for.
        from: String,
        /// The checkpoint name.
        name: String,
        /// Its shape.
        shape: Vec<u64>,
        /// The nearest name there is.
        near: String,
    },
    /// A tensor has another shape.
    #[error("{from}: tensor `{name}` must be {expected:?}, found {found:?}")]
    Shape {
        /// Where it is.
        from: String,
        /// The checkpoint name.
        name: String,
        /// Expected extents.
        expected: Vec<u64>,
        /// Extents found.
        found: Vec<usize>,
    },
    /// A tensor has a number that is not finite.
    #[error("{from}: tensor `{name}` has {value} at element {element}: weights must be finite")]
    NotFinite {
        /// Where it is.
        from: String,
        /// The checkpoint name.
        name: String,
        /// The number.
        value: f32,
        /// Its place, row-major.
        element: usize,
    },
    /// A tensor of a type that cannot be read as floats.
    #[error("{from}: tensor `{name}` holds {found}: expected F32, F16, BF16, F64 or integers up to 2^24")]
    Type {
        /// Where it is.
        from: String,
        /// The tensor.
        name: String,
        /// Its type.
        found: String,
    },
}

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
    map: Option<Mmap>,
}

struct Entry {
    shape: Vec<usize>,
    data: Data,
    /// The first number that is not finite, once it was looked for.
    bad: OnceLock<Option<usize>>,
}

enum Data {
    /// Bytes of the mapped file, aligned 32-bit floats.
    Mapped(std::ops::Range<usize>),
    /// Converted or made.
    Held(Vec<f32>),
}

impl Entry {
    fn new(shape: Vec<usize>, data: Data) -> Entry {
        Entry { shape, data, bad: OnceLock::new() }
    }
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
        self.parts[0].tensors.insert(name.into(), Entry::new(shape, Data::Held(data)));
    }

    /// Adds the tensors of another set under a prefix of their own. Errors name them, and where they come from, as
    /// before.
    pub fn join(&mut self, prefix: &str, other: Weights) {
        self.parts
            .extend(other.parts.into_iter().map(|part| Part { prefix: format!("{prefix}{}", part.prefix), ..part }));
    }

    /// Opens a safetensors file. Tensors of 32-bit floats are used where they lie; others are converted.
    ///
    /// # Errors
    /// A file that cannot be read or is no safetensors file, or a tensor that is no floats.
    pub fn open(path: impl AsRef<Path>) -> Result<Weights, WeightsError> {
        Weights::open_with(path, |name| Some(name.to_string()))
    }

    /// Opens a safetensors file and takes those tensors that `rename` gives a name, under it. The others are not
    /// looked at.
    ///
    /// # Errors
    /// See [`Weights::open`].
    #[allow(unsafe_code)] // a memory map
    pub fn open_with(path: impl AsRef<Path>, rename: impl Fn(&str) -> Option<String>) -> Result<Weights, WeightsError> {
        let path = path.as_ref();
        let fail = |problem: String| WeightsError::File { file: path.to_path_buf(), problem };
        // Looked at before it is opened: opening a pipe waits for its writer.
        let about = std::fs::metadata(path).map_err(|e| fail(format!("cannot be opened: {e}")))?;
        if !about.is_file() {
            return Err(fail("is a directory or device, expected a safetensors file".into()));
        }
        let file = std::fs::File::open(path).map_err(|e| fail(format!("cannot be opened: {e}")))?;
        let length = about.len();
        if length < 8 {
            return Err(fail(format!("is no safetensors file: {length} bytes, expected at least 8")));
        }
        // SAFETY: the map is read-only and private to this value; as everywhere a file is mapped, whoever
        // shortens the file meanwhile ends this process.
        let map = unsafe { Mmap::map(&file) }.map_err(|e| fail(format!("cannot be mapped: {e}")))?;
        let parsed = SafeTensors::deserialize(&map).map_err(|e| fail(format!("is no safetensors file: {e}")))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in parsed.iter() {
            let Some(own) = rename(name) else { continue };
            let bytes = view.data();
            let start = bytes.as_ptr() as usize - map.as_ptr() as usize;
            let data = match bytemuck::try_cast_slice::<u8, f32>(bytes) {
                Ok(_) if view.dtype() == Dtype::F32 => Data::Mapped(start..start + bytes.len()),
                _ => Data::Held(convert(view.dtype(), bytes).ok_or_else(|| WeightsError::Type {
                    from: path.display().to_string(),
                    name: name.to_string(),
                    found: format!("{:?}", view.dtype()),
                })?),
            };
            tensors.insert(own, Entry::new(view.shape().to_vec(), data));
        }
        let part = Part { from: path.display().to_string(), prefix: String::new(), tensors, map: Some(map) };
        Ok(Weights { parts: vec![part] })
    }

    /// Whether every tensor that is needed lies in a file as it is used, so that it can be let go and read again. What
    /// was converted or made is in memory for good: a plan that streams weights would hold more than it says.
    pub fn are_in_file(&self, needed: impl Fn(&str) -> bool) -> bool {
        let in_file = |entry: &Entry| matches!(entry.data, Data::Mapped(_));
        let fits =
            |part: &Part| part.tensors.iter().all(|(n, e)| in_file(e) || !needed(&format!("{}{n}", part.prefix)));
        self.parts.iter().all(fits)
    }

    /// Whether every tensor of a weight lies in a file as it is used; see [`Weights::are_in_file`].
    pub fn is_in_file(&self, param: &PlanParam) -> bool {
        let names: BTreeSet<String> = param.names().into_iter().chain([stacked_name(&param.name)]).collect();
        self.are_in_file(|name| names.contains(name))
    }

    /// A tensor's extents and elements.
    pub fn get(&self, name: &str) -> Option<(&[usize], &[f32])> {
        let (part, entry) = self.find(name)?;
        Some((&entry.shape, part.elements(entry)))
    }

    fn find(&self, name: &str) -> Option<(&Part, &Entry)> {
        self.parts.iter().find_map(|part| Some((part, part.tensors.get(name.strip_prefix(part.prefix.as_str())?)?)))
    }

    /// The elements of a weight in each layer, innermost layer fastest. A checkpoint may hold layers
    /// one by one (`blocks.0.x`) or stacked on a leading axis (`blocks.x`).
    ///
    /// # Errors
    /// A tensor that is missing, has another shape or is not finite.
    pub fn resolve(&self, param: &PlanParam) -> Result<Vec<&[f32]>, WeightsError> {
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
            && let Some((part, entry)) = self.find(&stacked)
        {
            let expected: Vec<u64> = numbered.iter().chain(&param.shape).copied().collect();
            let all = part.checked(&stacked, entry, &expected)?;
            let each = all.len() / layers;
            return Ok((0..layers * turns).map(|k| &all[k / turns * each..(k / turns + 1) * each]).collect());
        }
        let each = param.names().into_iter().map(|name| {
            let (part, entry) = self.find(&name).ok_or_else(|| self.missing(&name, &param.shape))?;
            part.checked(&name, entry, &param.shape)
        });
        each.collect()
    }

    /// Looks all tensors through, so that [`Weights::resolve`] need not; it tells what is found. To be done beside other
    /// work: it takes as long as reading them. Nothing of a file stays held for it.
    pub fn look_through(&self) {
        for part in &self.parts {
            for entry in part.tensors.values() {
                let elements = part.elements(entry);
                entry.bad.get_or_init(|| first_not_finite(elements));
                self.release(elements);
            }
        }
    }

    /// Lets the memory of mapped elements go: what is read of them again comes from the file. Nothing
    /// happens to tensors held in memory.
    #[allow(unsafe_code)] // tells the system about pages of the map
    pub fn release(&self, elements: &[f32]) {
        let bytes = size_of_val(elements);
        let place = |map: &Mmap| {
            let start = elements.as_ptr().addr().checked_sub(map.as_ptr().addr())?;
            (start + bytes <= map.len()).then_some(start)
        };
        let mut maps = self.parts.iter().filter_map(|part| part.map.as_ref());
        let Some((map, start)) = maps.find_map(|map| Some((map, place(map)?))) else { return };
        // SAFETY: the map is of a file, private and never written: pages that go come back as they were.
        let told = unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, start, bytes) };
        // A system that does not listen holds more than it must, nothing worse.
        let _ = told;
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
    fn elements<'s>(&'s self, entry: &'s Entry) -> &'s [f32] {
        match &entry.data {
            Data::Held(data) => data,
            Data::Mapped(range) => {
                let map = self.map.as_ref().expect("mapped tensors have a map");
                bytemuck::cast_slice(&map[range.clone()])
            }
        }
    }

    fn checked<'s>(&'s self, name: &str, entry: &'s Entry, expected: &[u64]) -> Result<&'s [f32], WeightsError> {
        let (from, name) = (self.from.clone(), name.strip_prefix(&self.prefix).unwrap_or(name).to_string());
        if entry.shape.len() != expected.len() || entry.shape.iter().zip(expected).any(|(a, b)| *a as u64 != *b) {
            return Err(WeightsError::Shape { from, name, expected: expected.to_vec(), found: entry.shape.clone() });
        }
        let data = self.elements(entry);
        match entry.bad.get_or_init(|| first_not_finite(data)) {
            &Some(element) => Err(WeightsError::NotFinite { from, name, value: data[element], element }),
            None => Ok(data),
        }
    }
}

/// The place of the first number that is not finite.
fn first_not_finite(data: &[f32]) -> Option<usize> {
    const BLOCK: usize = 1024;
    // A block without a branch is looked through as fast as it is read.
    let is_bad = |block: &[f32]| block.iter().fold(false, |bad, x| bad | !x.is_finite());
    let from = BLOCK * data.chunks(BLOCK).position(is_bad)?;
    Some(from + data[from..].iter().position(|x| !x.is_finite())?)
}

/// Elements of another type as 32-bit floats; integers only where that is exact.
fn convert(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    fn each<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> Option<f32>) -> Option<Vec<f32>> {
        bytes.chunks_exact(N).map(|c| read(c.try_into().ok()?)).collect()
    }
    let exact = |x: i64| (x.unsigned_abs() <= 1 << 24).then_some(x as f32);
    Some(match dtype {
        Dtype::F32 => Cow::Owned::<[f32]>(each(bytes, |b| Some(f32::from_le_bytes(b)))?).into_owned(),
        Dtype::F16 => each(bytes, |b| Some(half::f16::from_le_bytes(b).to_f32()))?,
        Dtype::BF16 => each(bytes, |b| Some(half::bf16::from_le_bytes(b).to_f32()))?,
        Dtype::F64 => each(bytes, |b| Some(f64::from_le_bytes(b) as f32))?,
        Dtype::I64 => each(bytes, |b| exact(i64::from_le_bytes(b)))?,
        Dtype::I32 => each(bytes, |b| exact(i32::from_le_bytes(b).into()))?,
        Dtype::U8 => each(bytes, |b: [u8; 1]| Some(b[0].into()))?,
        Dtype::BOOL => each(bytes, |b: [u8; 1]| Some(f32::from(b[0] != 0)))?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_found_wherever_it_stands() {
        let check = |bad: &[(usize, f32)], expected: Option<usize>| {
            let mut data = vec![1.0; 3000];
            bad.iter().for_each(|(at, value)| data[*at] = *value);
            assert_eq!(first_not_finite(&data), expected, "{bad:?}");
        };
        check(&[], None);
        check(&[(0, f32::MAX), (1, f32::MIN_POSITIVE / 2.0)], None);
        for at in [0, 1023, 1024, 2999] {
            check(&[(at, f32::NAN)], Some(at));
        }
        check(&[(2500, f32::NAN), (2047, f32::NEG_INFINITY)], Some(2047));
        assert_eq!(first_not_finite(&[]), None);
    }

    #[test]
    fn layers_are_found_one_by_one_and_stacked_and_turns_read_the_same() {
        let check = |tensors: &[(&str, &[usize], &[f32])], layers: &[u64], expected: &[f32]| {
            let mut weights = Weights::new("given tensors");
            tensors.iter().for_each(|(name, shape, data)| weights.insert(*name, shape.to_vec(), data.to_vec()));
            let layers = layers.iter().copied().enumerate().collect();
            let param = PlanParam { name: "b.{}.w".into(), shape: vec![1], layers, streamed: false };
            assert_eq!(weights.resolve(&param).expect("they are there").concat(), expected);
        };
        let apart: [(&str, &[usize], &[f32]); 2] = [("b.0.w", &[1], &[1.0]), ("b.1.w", &[1], &[2.0])];
        let stacked: [(&str, &[usize], &[f32]); 1] = [("b.w", &[2, 1], &[1.0, 2.0])];
        for tensors in [&apart[..], &stacked] {
            check(tensors, &[2], &[1.0, 2.0]);
            check(tensors, &[2, 3], &[1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
            check(tensors, &[2, 0], &[]);
        }
    }
}
