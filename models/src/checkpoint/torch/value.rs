//! What a pickle is made of.

use std::collections::BTreeSet;

use safetensors::tensor::Dtype;

/// A value's place in [`Values`].
pub(super) type Id = u32;

/// Values, which name each other by their places, so that none is copied and rings do no harm.
#[derive(Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) all: Vec<Value<'a>>,
    /// The value of the whole pickle.
    pub(super) root: Id,
    pub(super) opaque: BTreeSet<Global<'a>>,
}

/// One value. Texts stay in the pickle.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// A number, a flag, bytes or nothing.
    Plain,
    Int(i64),
    Text(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global<'a>),
    Storage(Storage<'a>),
    Tensor(Tensor<'a>),
    /// Something made of a name that means nothing here.
    Opaque(Global<'a>),
}

/// A name in a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Global<'a> {
    pub(super) module: &'a str,
    pub(super) name: &'a str,
}

/// A run of numbers in an entry of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Storage<'a> {
    pub(super) key: &'a str,
    pub(super) dtype: Dtype,
    pub(super) numbers: u64,
}

/// A view of a storage, not yet held against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tensor<'a> {
    pub(super) storage: Storage<'a>,
    pub(super) offset: u64,
    pub(super) shape: Vec<u64>,
    pub(super) strides: Vec<u64>,
}

impl<'a> Values<'a> {
    pub(super) fn get(&self, id: Id) -> &Value<'a> {
        // Places come from `push` alone.
        self.all.get(id as usize).unwrap_or(&Value::Plain)
    }

    /// Names of what was not read.
    pub(super) fn skipped(&self) -> Vec<String> {
        self.opaque.iter().map(ToString::to_string).collect()
    }
}

impl Value<'_> {
    /// In words.
    pub(super) fn kind(&self) -> String {
        match self {
            Value::Plain | Value::Int(_) => "a plain value".into(),
            Value::Text(_) => "a text".into(),
            Value::Tuple(_) => "a tuple".into(),
            Value::List(_) => "a list".into(),
            Value::Dict(_) => "a dictionary".into(),
            Value::Global(global) => format!("the name `{global}`"),
            Value::Storage(_) => "a storage".into(),
            Value::Tensor(_) => "a tensor".into(),
            Value::Opaque(global) => format!("made by `{global}`, which is not read"),
        }
    }
}

impl std::fmt::Display for Global<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::shown::shown(&format!("{}.{}", self.module, self.name)))
    }
}
