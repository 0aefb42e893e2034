//! Which of a pickle's tensors are wanted, and their names.

use std::collections::{BTreeMap, HashMap};

use super::value::{Id, Tensor, Value, Values};
use crate::shown::shown;

/// Dictionaries inside each other that are gone through.
const DEEPEST: usize = 16;
/// Most entries of all of them.
const MOST_ENTRIES: usize = 1 << 22;
/// Where PyTorch Lightning and others keep the tensors.
const STATE: &str = "state_dict";

/// The tensors of the dictionary that `key` names, or of the one that holds the model's.
pub(super) fn tensors<'a>(values: &Values<'a>, key: Option<&str>) -> Result<BTreeMap<String, Tensor<'a>>, String> {
    let mut at = values.root;
    match key {
        Some(key) => {
            for step in key.split('.') {
                at = entry(values, at, step)?.ok_or_else(|| {
                    let known = entries(values, at).map(|all| names(values, all)).unwrap_or_default();
                    format!("has no entry `{}`; there are {known}", shown(step))
                })?;
            }
        }
        None => at = own(values, at)?,
    }
    let mut found = Found { values, tensors: BTreeMap::new(), entries: 0 };
    found.dictionary(at, "", 0)?;
    if found.tensors.is_empty() {
        return Err("holds no tensors by name".into());
    }
    Ok(found.tensors)
}

/// The dictionary that holds a model's tensors.
fn own(values: &Values<'_>, root: Id) -> Result<Id, String> {
    if let Some(state) = entry(values, root, STATE)? {
        return Ok(state);
    }
    let all = entries(values, root)?;
    if all.iter().any(|(_, value)| is_tensor(values, *value)) {
        return Ok(root);
    }
    let mut known = HashMap::new();
    let inside: Vec<(Id, Id)> =
        all.iter().filter(|(_, value)| has_tensors(values, *value, 0, &mut known)).copied().collect();
    match inside.as_slice() {
        [(_, only)] if matches!(values.get(*only), Value::Dict(_)) => Ok(*only),
        // What stands in their place is told when they are gathered.
        [] => Ok(root),
        several => Err(format!("holds tensors in several places, choose one by --key: {}", names(values, several))),
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
        Value::List(items) | Value::Tuple(items) => items.iter().any(|item| within(*item)),
        _ => false,
    };
    known.insert(id, found);
    found
}

fn is_tensor(values: &Values<'_>, id: Id) -> bool {
    matches!(values.get(id), Value::Tensor(_))
}

fn entries<'v>(values: &'v Values<'_>, id: Id) -> Result<&'v [(Id, Id)], String> {
    match values.get(id) {
        Value::Dict(entries) => Ok(entries),
        other => {
            let kind = other.kind();
            Err(format!("holds no tensors by name: it is {kind}, expected a dictionary (a model's `state_dict()`)"))
        }
    }
}

/// The newest of this name.
fn entry(values: &Values<'_>, id: Id, name: &str) -> Result<Option<Id>, String> {
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
    tensors: BTreeMap<String, Tensor<'a>>,
    entries: usize,
}

impl<'a> Found<'_, 'a> {
    /// Takes the tensors of a dictionary and of those inside, their names joined by dots.
    fn dictionary(&mut self, id: Id, before: &str, depth: usize) -> Result<(), String> {
        let values = self.values;
        for (key, value) in entries(values, id)? {
            self.entries += 1;
            if depth > DEEPEST || self.entries > MOST_ENTRIES {
                return Err("has too many dictionaries inside each other".into());
            }
            let name = match values.get(*key) {
                Value::Text(text) => format!("{before}{text}"),
                Value::Int(number) => format!("{before}{number}"),
                other => return Err(format!("has a key that is {}, expected a text", other.kind())),
            };
            match values.get(*value) {
                Value::Tensor(tensor) => self.tensor(name, tensor)?,
                Value::Dict(_) => self.dictionary(*value, &format!("{name}."), depth + 1)?,
                Value::Tuple(items) | Value::List(items) if !items.iter().any(|item| is_tensor(values, *item)) => {}
                Value::Plain | Value::Int(_) | Value::Text(_) => {}
                other => return Err(format!("holds `{}`, which is {}, expected a tensor", shown(&name), other.kind())),
            }
        }
        Ok(())
    }

    fn tensor(&mut self, name: String, tensor: &Tensor<'a>) -> Result<(), String> {
        if name == "__metadata__" {
            return Err("holds a tensor `__metadata__`, which is no name in a safetensors file".into());
        }
        if self.tensors.insert(name.clone(), tensor.clone()).is_some_and(|other| other != *tensor) {
            return Err(format!("holds two tensors `{}`", shown(&name)));
        }
        Ok(())
    }
}
