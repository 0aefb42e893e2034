//! Which of a pickle's tensors are wanted, and their names.

use std::collections::{BTreeMap, HashMap};

use super::error::TorchError;
use super::value::{Id, Value, Values};
use crate::shown::shown;

/// Dictionaries inside each other that are gone through.
const DEEPEST: usize = 16;
/// A dictionary may be named from several places, but all names together stand for at most this many times the entries
/// and the bytes that the pickle has, and a few more. Without this limit some dozens of dictionaries, each of which
/// names the next one twice, would stand for millions of tensors.
const MOST_SHARING: usize = 4;
const SOME_ENTRIES: usize = 1 << 10;
const SOME_BYTES: usize = 1 << 20;
/// Where PyTorch Lightning and others keep the tensors.
const STATE: &str = "state_dict";

/// The tensors of the dictionary that `key` names, or of the one that holds the model's, in a pickle of so many bytes.
pub(super) fn tensors(
    values: &Values<'_>,
    bytes: usize,
    key: Option<&str>,
) -> Result<BTreeMap<String, Id>, TorchError> {
    let mut at = values.root;
    match key {
        Some(key) => {
            for step in key.split('.') {
                at = entry(values, at, step)?.ok_or_else(|| {
                    let known = entries(values, at).map(|all| names(values, all)).unwrap_or_default();
                    TorchError::NoKey { name: shown(step), known }
                })?;
            }
        }
        None => at = own(values, at)?,
    }
    let mut found = Found::new(values, bytes);
    found.dictionary(at, "", 0)?;
    if found.tensors.is_empty() {
        return Err(TorchError::NoTensors);
    }
    Ok(found.tensors)
}

/// The dictionary that holds a model's tensors.
fn own(values: &Values<'_>, root: Id) -> Result<Id, TorchError> {
    if let Some(state) = entry(values, root, STATE)? {
        return Ok(state);
    }
    let all = entries(values, root)?;
    if all.iter().any(|(_, value)| values.is_tensor(*value)) {
        return Ok(root);
    }
    let mut known = HashMap::new();
    let inside: Vec<(Id, Id)> =
        all.iter().filter(|(_, value)| has_tensors(values, *value, 0, &mut known)).copied().collect();
    match inside.as_slice() {
        [(_, only)] if matches!(values.get(*only), Value::Dict(_)) => Ok(*only),
        // What stands in their place is told when they are gathered.
        [] => Ok(root),
        several => Err(TorchError::SeveralPlaces(names(values, several))),
    }
}

/// Whether there are tensors in a value, however deep; what is known of others is kept.
fn has_tensors(values: &Values<'_>, id: Id, depth: usize, known: &mut HashMap<Id, bool>) -> bool {
    if let Some(known) = known.get(&id) {
        return *known;
    }
    // Until more is known, so that a ring ends.
    known.insert(id, false);
    let mut within = |id: Id| depth < DEEPEST && has_tensors(values, id, depth + 1, known);
    let found = match values.get(id) {
        Value::Tensor(_) => true,
        Value::Dict(entries) => entries.iter().any(|(_, value)| within(*value)),
        Value::List(items) => items.iter().any(|item| within(*item)),
        Value::Tuple(items) => items.iter().any(|item| within(*item)),
        _ => false,
    };
    known.insert(id, found);
    found
}

fn entries<'v>(values: &'v Values<'_>, id: Id) -> Result<&'v [(Id, Id)], TorchError> {
    match values.get(id) {
        Value::Dict(entries) => Ok(entries),
        _ => Err(TorchError::NoDictionary(values.kind(id))),
    }
}

/// The newest of this name.
fn entry(values: &Values<'_>, id: Id, name: &str) -> Result<Option<Id>, TorchError> {
    let mut all = entries(values, id)?.iter().rev();
    let found = all.find(|(key, _)| matches!(values.get(*key), Value::Text(text) if *text == name));
    Ok(found.map(|(_, value)| *value))
}

fn names(values: &Values<'_>, entries: &[(Id, Id)]) -> String {
    const MOST: usize = 12;
    let text = |(key, _): &(Id, Id)| match values.get(*key) {
        Value::Text(text) => Some(format!("`{}`", shown(text))),
        _ => None,
    };
    let mut all: Vec<String> = entries.iter().filter_map(text).take(MOST + 1).collect();
    if all.len() > MOST {
        all[MOST] = "…".into();
    }
    if all.is_empty() { "none".into() } else { all.join(", ") }
}

struct Found<'v, 'a> {
    values: &'v Values<'a>,
    tensors: BTreeMap<String, Id>,
    /// Entries and bytes of names so far, and the most there may be.
    entries: usize,
    bytes: usize,
    most_entries: usize,
    most_bytes: usize,
    /// Entries of all dictionaries of the pickle, each counted once.
    all_entries: usize,
    /// Whether a list or tuple has a tensor, so that each is looked through once.
    lists: HashMap<Id, bool>,
}

impl<'v, 'a> Found<'v, 'a> {
    fn new(values: &'v Values<'a>, bytes: usize) -> Self {
        let count = |value: &Value<'_>| if let Value::Dict(entries) = value { entries.len() } else { 0 };
        let all_entries = values.all.iter().map(count).sum();
        Found {
            values,
            tensors: BTreeMap::new(),
            entries: 0,
            bytes: 0,
            most_entries: SOME_ENTRIES + MOST_SHARING * all_entries,
            most_bytes: SOME_BYTES + MOST_SHARING * bytes,
            all_entries,
            lists: HashMap::new(),
        }
    }

    /// Takes the tensors of a dictionary and of those inside, their names joined by dots.
    fn dictionary(&mut self, id: Id, before: &str, depth: usize) -> Result<(), TorchError> {
        let values = self.values;
        if depth > DEEPEST {
            return Err(TorchError::Deep(DEEPEST));
        }
        for (key, value) in entries(values, id)? {
            let name = match values.get(*key) {
                Value::Text(text) => format!("{before}{text}"),
                Value::Int(number) => format!("{before}{number}"),
                _ => return Err(TorchError::Key(values.kind(*key))),
            };
            self.count(name.len())?;
            match values.get(*value) {
                Value::Tensor(_) => self.tensor(name, *value)?,
                Value::Dict(_) => self.dictionary(*value, &format!("{name}."), depth + 1)?,
                Value::Plain | Value::Int(_) | Value::Text(_) => {}
                Value::Tuple(items) if !self.has_tensor(*value, items) => {}
                Value::List(items) if !self.has_tensor(*value, items) => {}
                _ => return Err(TorchError::NoTensor { name: shown(&name), kind: values.kind(*value) }),
            }
        }
        Ok(())
    }

    /// One more entry, whose name has so many bytes.
    fn count(&mut self, bytes: usize) -> Result<(), TorchError> {
        self.entries += 1;
        self.bytes += bytes;
        if self.entries > self.most_entries {
            return Err(TorchError::ManyEntries { entries: self.all_entries, most: self.most_entries });
        }
        if self.bytes > self.most_bytes {
            return Err(TorchError::LongNames(self.most_bytes));
        }
        Ok(())
    }

    fn has_tensor(&mut self, id: Id, items: &[Id]) -> bool {
        *self.lists.entry(id).or_insert_with(|| items.iter().any(|item| self.values.is_tensor(*item)))
    }

    fn tensor(&mut self, name: String, id: Id) -> Result<(), TorchError> {
        if name == "__metadata__" {
            return Err(TorchError::Reserved);
        }
        match self.tensors.get(&name) {
            Some(other) if !self.values.same_tensor(*other, id) => Err(TorchError::Twice(shown(&name))),
            Some(_) => Ok(()),
            None => {
                self.tensors.insert(name, id);
                Ok(())
            }
        }
    }
}
