//! Changes of JSON that stays JSON: numbers above all.

use fastrand::Rng;
use serde_json::{Number, Value};

use super::{beside, rearrange};

/// Changes one value of a text; a text that is no JSON is left.
pub fn change(rng: &mut Rng, data: &mut Vec<u8>, other: &[u8]) {
    let Ok(mut value) = serde_json::from_slice::<Value>(data) else { return };
    let count = size(&value);
    let other = serde_json::from_slice(other).unwrap_or(Value::Null);
    let mut donor = rng.usize(0..size(&other));
    let donor = nth(&other, &mut donor).clone();
    // Numbers are what the rest of a plan or a header leans on.
    let only_numbers = rng.u8(0..4) != 0;
    for _ in 0..32 {
        let mut at = rng.usize(0..count);
        let place = nth_mut(&mut value, &mut at);
        if !only_numbers || place.is_number() {
            alter(rng, place, &donor);
            break;
        }
    }
    if let Ok(text) = serde_json::to_vec(&value) {
        *data = text;
    }
}

fn alter(rng: &mut Rng, place: &mut Value, donor: &Value) {
    match place {
        Value::Number(number) => *number = other_number(rng, number),
        Value::Array(items) if rng.bool() => {
            let donors = donor.as_array().map(Vec::as_slice).unwrap_or_default();
            rearrange(rng, items, donors);
        }
        Value::Object(fields) if rng.bool() && !fields.is_empty() => {
            let key = fields.keys().nth(rng.usize(0..fields.len())).cloned().unwrap_or_default();
            let taken = fields.remove(&key).unwrap_or_default();
            if rng.bool() {
                fields.insert(format!("{key}x"), taken);
            }
        }
        Value::String(text) if rng.bool() => match rng.u8(0..4) {
            0 => text.clear(),
            1 => *text = text.repeat(2),
            2 => text.push('\u{fffd}'),
            _ => drop(text.pop()),
        },
        Value::Bool(flag) => *flag = !*flag,
        place => *place = donor.clone(),
    }
}

fn other_number(rng: &mut Rng, number: &Number) -> Number {
    let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs)).unwrap_or_default();
    match rng.u8(0..8) {
        0 => Number::from(-(i64::try_from(whole).unwrap_or(i64::MAX))),
        1 => Number::from_f64(number.as_f64().unwrap_or_default() / 2.0 + 0.25).unwrap_or(Number::from(0)),
        2 => Number::from_f64(1e300).unwrap_or(Number::from(0)),
        _ => Number::from(beside(rng, whole)),
    }
}

/// How many values there are, this one among them.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.values().map(size).sum(),
        _ => 0,
    }
}

/// The value of a number in order of their beginnings.
fn nth<'v>(value: &'v Value, at: &mut usize) -> &'v Value {
    let parts: Vec<&Value> = match value {
        _ if *at == 0 => return value,
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => return value,
    };
    *at -= 1;
    for part in parts {
        match size(part) {
            size if *at >= size => *at -= size,
            _ => return nth(part, at),
        }
    }
    value
}

fn nth_mut<'v>(value: &'v mut Value, at: &mut usize) -> &'v mut Value {
    if *at == 0 || !(value.is_array() || value.is_object()) {
        return value;
    }
    *at -= 1;
    let parts: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => Vec::new(),
    };
    for part in parts {
        match size(part) {
            size if *at >= size => *at -= size,
            _ => return nth_mut(part, at),
        }
    }
    unreachable!("the place is among the values that were counted")
}
