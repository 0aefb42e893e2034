//! One number of a plan changed, each in turn.

use serde_json::{Number, Value};

/// Every number of a JSON value, by its path.
pub(super) fn numbers(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().enumerate().for_each(|(k, v)| numbers(v, &format!("{path}/{k}"), found)),
        Value::Object(map) => map.iter().for_each(|(k, v)| numbers(v, &format!("{path}/{k}"), found)),
        Value::Number(_) => found.push(path.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// What a number is changed to: 0, one less, one more, twice as much, the largest.
pub(super) fn changes(number: &Number) -> Vec<Value> {
    match (number.as_i64(), number.as_f64()) {
        (Some(old), _) => {
            let new = [0, old.wrapping_sub(1), old.wrapping_add(1), old.wrapping_mul(2), i64::MAX].map(Value::from);
            new.into_iter().chain([Value::from(u64::MAX)]).collect()
        }
        (None, Some(old)) => [0.0, old - 1.0, old + 1.0, old * 2.0, f64::MAX].map(Value::from).into(),
        (None, None) => vec![0.into()],
    }
}
