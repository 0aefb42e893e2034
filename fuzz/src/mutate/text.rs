//! Changes of files of lines and fields.

use fastrand::Rng;

use super::{bytes, number, rearrange};

/// What stands where something else should.
const ODD: [&str; 27] = [
    "",
    " ",
    "\t",
    "\0",
    "\u{b}",
    "\u{a0}",
    "\u{200b}",
    "\u{feff}",
    "é",
    "🧬",
    ">",
    "#",
    ";",
    "'",
    "\"",
    "?",
    ".",
    "-",
    "*",
    "//",
    "NaN",
    "inf",
    "1e999",
    "-0.0",
    "1e-320",
    "99999999999999999999",
    "-2147483648",
];

/// Changes lines, fields and columns; `words` are what the format knows.
pub fn change(rng: &mut Rng, data: &mut Vec<u8>, other: &[u8], words: &[&str]) {
    match rng.u8(0..8) {
        0..=2 => {
            let mut lines = lines(data);
            rearrange(rng, &mut lines, &self::lines(other));
            *data = lines.concat();
        }
        3..=5 => {
            let place = field(rng, data);
            let new = match rng.u8(0..4) {
                0 => ODD[rng.usize(0..ODD.len())].into(),
                1 if !words.is_empty() => words[rng.usize(0..words.len())].into(),
                2 => number(rng).to_string(),
                _ => String::from_utf8_lossy(&other[field(rng, other)]).into_owned(),
            };
            data.splice(place, new.into_bytes());
        }
        6 => bytes::overwrite(rng, data, other),
        _ => {
            let at = rng.usize(0..=data.len());
            let new = if words.is_empty() || rng.bool() {
                ODD[rng.usize(0..ODD.len())]
            } else {
                words[rng.usize(0..words.len())]
            };
            data.splice(at..at, new.bytes());
        }
    }
}

/// The lines with their ends.
fn lines(data: &[u8]) -> Vec<Vec<u8>> {
    data.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// The place of some field: what stands between white space, or in one column.
fn field(rng: &mut Rng, data: &[u8]) -> std::ops::Range<usize> {
    if data.is_empty() {
        return 0..0;
    }
    let at = rng.usize(0..data.len());
    if rng.u8(0..4) == 0 {
        return at..(at + rng.usize(1..9)).min(data.len());
    }
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    let start = data[..at].iter().rposition(is_space).map_or(0, |k| k + 1);
    let end = data[at..].iter().position(is_space).map_or(data.len(), |k| at + k);
    start..end.max(start)
}
