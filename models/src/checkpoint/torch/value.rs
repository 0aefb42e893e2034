//! What a pickle is made of.
//!
//! A value may be named from many places, so values refer to each other by number and none is ever copied: memory and
//! time stay in proportion to the pickle's bytes.

use std::collections::BTreeSet;

use safetensors::tensor::Dtype;

use super::globals::Meaning;

/// A value's place in [`Values`].
pub(super) type Id = u32;

/// Every value of a pickle.
#[derive(Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) all: Vec<Value<'a>>,
    /// The value of the whole pickle.
    pub(super) root: Id,
    /// Classes and functions of which objects were not read.
    pub(super) opaque: BTreeSet<Id>,
}

/// One value. Texts stay in the pickle.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// A number, a flag, bytes or nothing.
    Plain,
    Int(i64),
    Text(&'a str),
    Tuple(Box<[Id]>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Box<Global<'a>>),
    Storage(Box<Storage<'a>>),
    Tensor(Tensor),
    /// Something made of a name that means nothing here.
    Opaque(Id),
}

/// A name in a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Global<'a> {
    pub(super) module: &'a str,
    pub(super) name: &'a str,
    pub(super) meaning: Meaning,
}

/// A run of numbers in an entry of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Storage<'a> {
    pub(super) key: &'a str,
    pub(super) dtype: Dtype,
    pub(super) numbers: u64,
}

/// A view of a storage, not yet held against it: a storage, and two tuples of as many whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tensor {
    pub(super) storage: Id,
    pub(super) offset: u64,
    pub(super) shape: Id,
    pub(super) strides: Id,
}

impl<'a> Values<'a> {
    pub(super) fn get(&self, id: Id) -> &Value<'a> {
        // Places come from `push` alone.
        self.all.get(id as usize).unwrap_or(&Value::Plain)
    }

    /// The tuple's numbers, if it is one of whole numbers from 0.
    pub(super) fn numbers(&self, tuple: Id) -> Option<impl Iterator<Item = u64>> {
        let Value::Tuple(items) = self.get(tuple) else { return None };
        items
            .iter()
            .all(|item| self.number(*item).is_some())
            .then(|| items.iter().filter_map(|item| self.number(*item)))
    }

    /// A whole number from 0.
    pub(super) fn number(&self, id: Id) -> Option<u64> {
        match self.get(id) {
            Value::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(super) fn is_tensor(&self, id: Id) -> bool {
        matches!(self.get(id), Value::Tensor(_))
    }

    /// Whether two tensors are the same view of the same storage.
    pub(super) fn same_tensor(&self, one: Id, other: Id) -> bool {
        let (Value::Tensor(a), Value::Tensor(b)) = (self.get(one), self.get(other)) else { return false };
        let same = |x: Id, y: Id| x == y || self.numbers(x).zip(self.numbers(y)).is_some_and(|(x, y)| x.eq(y));
        self.get(a.storage) == self.get(b.storage)
            && a.offset == b.offset
            && same(a.shape, b.shape)
            && same(a.strides, b.strides)
    }

    /// A value in words.
    pub(super) fn kind(&self, id: Id) -> String {
        match self.get(id) {
            Value::Plain | Value::Int(_) => "a plain value".into(),
            Value::Text(_) => "a text".into(),
            Value::Tuple(_) => "a tuple".into(),
            Value::List(_) => "a list".into(),
            Value::Dict(_) => "a dictionary".into(),
            Value::Global(global) => format!("the name `{global}`"),
            Value::Storage(_) => "a storage".into(),
            Value::Tensor(_) => "a tensor".into(),
            Value::Opaque(global) => match self.get(*global) {
                Value::Global(global) => format!("an object made by `{global}`, which is not read"),
                _ => "an object that is not read".into(),
            },
        }
    }

    /// Names of what was not read, each once.
    pub(super) fn skipped(&self) -> Vec<String> {
        let names = self.opaque.iter().filter_map(|id| match self.get(*id) {
            Value::Global(global) => Some(global.to_string()),
            _ => None,
        });
        names.collect::<BTreeSet<String>>().into_iter().collect()
    }
}

impl std::fmt::Display for Global<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::shown::shown(&format!("{}.{}", self.module, self.name)))
    }
}
