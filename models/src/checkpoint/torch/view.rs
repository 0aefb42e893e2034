//! Tensors as views of storages: held against the archive, then written.

use std::collections::BTreeMap;
use std::io::Write;

use safetensors::tensor::Dtype;

use super::super::write::Part;
use super::archive::Archive;
use super::value::Tensor;
use crate::shown::shown;

/// How much longer than the archive all tensors may be: some models use one storage under several names.
const MOST_SHARING: u64 = 16;

/// A tensor whose numbers are all in the archive.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// The entry that holds its numbers.
    pub(super) storage: String,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<u64>,
    offset: u64,
    strides: Vec<u64>,
}

/// Views that keep inside their storages, and storages that are as long as the pickle says.
pub(super) fn checked(tensors: BTreeMap<String, Tensor<'_>>, archive: &Archive) -> Result<Vec<(String, View)>, String> {
    let mut views = Vec::with_capacity(tensors.len());
    let mut total = 0u64;
    for (name, tensor) in tensors {
        let wrong = |problem: String| format!("tensor `{}` {problem}", shown(&name));
        let view = View::new(tensor, archive).map_err(wrong)?;
        total = total.saturating_add(view.bytes());
        if total / MOST_SHARING > archive.length() {
            return Err(format!("would give more than {MOST_SHARING} times its {} bytes", archive.length()));
        }
        views.push((name, view));
    }
    Ok(views)
}

impl View {
    fn new(tensor: Tensor<'_>, archive: &Archive) -> Result<View, String> {
        let Tensor { storage, offset, shape, strides } = tensor;
        let found = archive.storage_bytes(storage.key)?;
        let size = storage.dtype.bitsize() as u64 / 8;
        if storage.numbers.checked_mul(size) != Some(found) {
            let (key, numbers) = (shown(storage.key), storage.numbers);
            return Err(format!("has {numbers} numbers of {size} bytes in storage `{key}`, which has {found} bytes"));
        }
        let count = shape.iter().try_fold(1u64, |count, extent| count.checked_mul(*extent));
        if count.is_none_or(|count| count > storage.numbers) {
            return Err(format!("{shape:?} is larger than its storage of {} numbers", storage.numbers));
        }
        let reach = shape.iter().zip(&strides).try_fold(offset, |reach, (extent, stride)| {
            extent.saturating_sub(1).checked_mul(*stride).and_then(|more| reach.checked_add(more))
        });
        if count != Some(0) && reach.is_none_or(|last| last >= storage.numbers) {
            return Err(format!("reaches beyond its storage of {} numbers", storage.numbers));
        }
        Ok(View { storage: storage.key.to_string(), dtype: storage.dtype, shape, offset, strides })
    }

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
        // The innermost axes that lie one number after the other are one run.
        let (mut axes, mut numbers) = (self.shape.len(), 1);
        while axes > 0 && (self.shape[axes - 1] == 1 || self.strides[axes - 1] == numbers) {
            axes -= 1;
            numbers *= self.shape[axes];
        }
        let mut place = vec![0; axes];
        for _ in 0..self.shape[..axes].iter().product() {
            let at = self.offset + place.iter().zip(&self.strides).map(|(k, stride)| k * stride).sum::<u64>();
            into.write_all(run(at, numbers)?)?;
            for axis in (0..axes).rev() {
                place[axis] += 1;
                if place[axis] < self.shape[axis] {
                    break;
                }
                place[axis] = 0;
            }
        }
        Ok(())
    }
}
