//! Tensors as views of storages: held against the archive, then written.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::Arc;

use safetensors::tensor::Dtype;

use super::super::write::Part;
use super::archive::Archive;
use super::error::TorchError;
use super::value::{Id, Tensor, Value, Values};
use crate::shown::shown;

/// How much longer than the archive all tensors may be: some models use one storage under several names.
const MOST_SHARING: u64 = 16;

/// A tensor whose numbers are all in the archive.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// The entry that holds its numbers.
    pub(super) storage: Arc<str>,
    pub(super) dtype: Dtype,
    pub(super) shape: Arc<[u64]>,
    offset: u64,
    strides: Arc<[u64]>,
}

/// A storage that is as long as the pickle says.
#[derive(Clone, Debug)]
struct Storage {
    key: Arc<str>,
    dtype: Dtype,
    numbers: u64,
}

/// Views that keep inside their storages, and storages that are as long as the pickle says.
pub(super) fn checked(
    tensors: BTreeMap<String, Id>,
    values: &Values<'_>,
    archive: &Archive,
) -> Result<Vec<(String, View)>, TorchError> {
    let mut checks = Checks { values, archive, numbers: HashMap::new(), storages: HashMap::new() };
    let mut views = Vec::with_capacity(tensors.len());
    let mut total = 0u64;
    for (name, id) in tensors {
        let Value::Tensor(tensor) = *values.get(id) else { continue };
        let wrong = |problem| TorchError::Tensor { name: shown(&name), problem: Box::new(problem) };
        let view = checks.view(tensor).map_err(wrong)?;
        total = total.saturating_add(view.bytes());
        if total / MOST_SHARING > archive.length() {
            return Err(TorchError::Sharing { times: MOST_SHARING, bytes: archive.length() });
        }
        views.push((name, view));
    }
    Ok(views)
}

/// What was looked at already: views share extents, strides and storages as the pickle's values do.
struct Checks<'v, 'a> {
    values: &'v Values<'a>,
    archive: &'v Archive,
    numbers: HashMap<Id, Arc<[u64]>>,
    storages: HashMap<Id, Storage>,
}

impl Checks<'_, '_> {
    fn view(&mut self, Tensor { storage, offset, shape, strides }: Tensor) -> Result<View, TorchError> {
        let Storage { key, dtype, numbers } = self.storage(storage)?;
        let (shape, strides) = (self.numbers(shape), self.numbers(strides));
        let count = shape.iter().try_fold(1u64, |count, extent| count.checked_mul(*extent));
        if count.is_none_or(|count| count > numbers) {
            return Err(TorchError::LargerThanStorage { shape: shape.to_vec(), numbers });
        }
        let reach = shape.iter().zip(&*strides).try_fold(offset, |reach, (extent, stride)| {
            extent.saturating_sub(1).checked_mul(*stride).and_then(|more| reach.checked_add(more))
        });
        if count != Some(0) && reach.is_none_or(|last| last >= numbers) {
            return Err(TorchError::BeyondStorage(numbers));
        }
        Ok(View { storage: key, dtype, shape, offset, strides })
    }

    fn numbers(&mut self, tuple: Id) -> Arc<[u64]> {
        let values = self.values;
        self.numbers.entry(tuple).or_insert_with(|| values.numbers(tuple).into_iter().flatten().collect()).clone()
    }

    fn storage(&mut self, id: Id) -> Result<Storage, TorchError> {
        if let Some(known) = self.storages.get(&id) {
            return Ok(known.clone());
        }
        let Value::Storage(storage) = self.values.get(id) else { return Err(TorchError::PersistentId) };
        let found = self.archive.storage_bytes(storage.key)?;
        let size = storage.dtype.bitsize() as u64 / 8;
        if storage.numbers.checked_mul(size) != Some(found) {
            let (key, numbers) = (shown(storage.key), storage.numbers);
            return Err(TorchError::StorageBytes { numbers, size, key, found });
        }
        let checked = Storage { key: storage.key.into(), dtype: storage.dtype, numbers: storage.numbers };
        self.storages.insert(id, checked.clone());
        Ok(checked)
    }
}

impl View {
    /// What a header says of it.
    pub(super) fn part<'a>(&'a self, name: &'a str) -> Part<'a> {
        Part { name, dtype: self.dtype, shape: &self.shape, bytes: self.bytes() }
    }

    /// Bytes of a number.
    pub(super) fn size(&self) -> usize {
        self.dtype.bitsize() / 8
    }

    /// Bytes of all numbers.
    pub(super) fn bytes(&self) -> u64 {
        self.count() * self.size() as u64
    }

    fn count(&self) -> u64 {
        self.shape.iter().product()
    }

    /// Writes the numbers, the last index fastest, out of the bytes of the storage.
    pub(super) fn write(&self, storage: &[u8], into: &mut impl Write) -> std::io::Result<()> {
        if self.count() == 0 {
            return Ok(());
        }
        let size = self.size();
        let run = |at: u64, numbers: u64| {
            let start = at as usize * size;
            storage.get(start..start + numbers as usize * size).ok_or(std::io::ErrorKind::UnexpectedEof)
        };
        // An axis of one step does not move, so what is left has at most one axis for each bit of the count.
        let axes = self.shape.iter().copied().zip(self.strides.iter().copied());
        let mut axes: Vec<(u64, u64)> = axes.filter(|(extent, _)| *extent != 1).collect();
        // The innermost axes that lie one number after the other are one run.
        let mut numbers = 1;
        while let Some((extent, _)) = axes.pop_if(|(_, stride)| *stride == numbers) {
            numbers *= extent;
        }
        let mut place = vec![0; axes.len()];
        for _ in 0..axes.iter().map(|(extent, _)| extent).product() {
            let at = self.offset + place.iter().zip(&axes).map(|(k, (_, stride))| k * stride).sum::<u64>();
            into.write_all(run(at, numbers)?)?;
            for axis in (0..axes.len()).rev() {
                place[axis] += 1;
                if place[axis] < axes[axis].0 {
                    break;
                }
                place[axis] = 0;
            }
        }
        Ok(())
    }
}
