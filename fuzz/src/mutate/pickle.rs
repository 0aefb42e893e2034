//! Changes of pickles, instruction by instruction.

use fastrand::Rng;

use super::{beside, number, rearrange};

/// Names that mean something to whoever reads checkpoints, and some that must not.
const NAMES: [&str; 14] = [
    "collections\nOrderedDict\n",
    "torch._utils\n_rebuild_tensor_v2\n",
    "torch._utils\n_rebuild_parameter\n",
    "torch\nSize\n",
    "torch\nFloatStorage\n",
    "torch\nDoubleStorage\n",
    "torch\nHalfStorage\n",
    "torch\nBoolStorage\n",
    "torch\nLongStorage\n",
    "builtins\ngetattr\n",
    "builtins\nset\n",
    "my.module\nClass\n",
    "torch._utils\n_rebuild_from_type_v2\n",
    "torch._utils\n_rebuild_parameter_with_state\n",
];

/// Texts that a checkpoint has.
const TEXTS: [&str; 9] = ["storage", "0", "1", "cpu", "state_dict", "w", "", "a.b", "__metadata__"];

/// Instructions without an argument.
const PLAIN: &[u8] = b"(.0126789NRQabcest)]}\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94";

/// Changes one instruction, or which there are.
pub fn change(rng: &mut Rng, data: &mut Vec<u8>, other: &[u8]) {
    let mut all = instructions(data);
    match rng.u8(0..4) {
        0 => {
            let at = rng.usize(0..=all.len());
            all.insert(at, made(rng));
        }
        1 if !all.is_empty() => {
            let at = rng.usize(0..all.len());
            if let Some(new) = altered(rng, &all[at]) {
                all[at] = new;
            }
        }
        _ => rearrange(rng, &mut all, &instructions(other)),
    }
    *data = all.concat();
}

/// The instructions with their arguments; what is none stands at the end.
fn instructions(data: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (this, after) = rest.split_at(length(rest).clamp(1, rest.len()));
        all.push(this.to_vec());
        rest = after;
    }
    all
}

/// Bytes of the first instruction.
fn length(data: &[u8]) -> usize {
    let counted = |width: usize| {
        let digits = data.get(1..=width).unwrap_or_default();
        let count = digits.iter().rev().fold(0usize, |count, byte| count << 8 | usize::from(*byte));
        (1 + width).saturating_add(count)
    };
    let lines = |count: usize| {
        let ends = data.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(k, _)| k + 1);
        ends.take(count).last().unwrap_or(data.len())
    };
    match data[0] {
        0x80 | b'K' | b'q' | b'h' => 2,
        b'M' => 3,
        b'J' | b'r' | b'j' => 5,
        b'G' | 0x95 => 9,
        0x8a | b'C' | 0x8c => counted(1),
        0x8b | b'B' | b'X' => counted(4),
        0x8e | 0x96 | 0x8d => counted(8),
        b'c' | b'i' => lines(2),
        b'I' | b'L' | b'F' | b'S' | b'V' | b'P' => lines(1),
        _ => 1,
    }
}

/// A new instruction.
fn made(rng: &mut Rng) -> Vec<u8> {
    match rng.u8(0..8) {
        0 => integer(rng),
        1 => text(TEXTS[rng.usize(0..TEXTS.len())]),
        2 => [b"c", NAMES[rng.usize(0..NAMES.len())].as_bytes()].concat(),
        3 => vec![b'h', rng.u8(0..4)],
        4 => vec![b'q', rng.u8(0..4)],
        _ => vec![PLAIN[rng.usize(0..PLAIN.len())]],
    }
}

/// The same instruction with another argument.
fn altered(rng: &mut Rng, old: &[u8]) -> Option<Vec<u8>> {
    Some(match old[0] {
        b'J' | b'K' | b'M' | 0x8a => integer_beside(rng, old),
        b'X' => text(TEXTS[rng.usize(0..TEXTS.len())]),
        b'c' => [b"c", NAMES[rng.usize(0..NAMES.len())].as_bytes()].concat(),
        code @ (b'h' | b'q') => vec![code, old.get(1)?.wrapping_add(rng.u8(0..3))],
        _ => return None,
    })
}

fn integer(rng: &mut Rng) -> Vec<u8> {
    long(number(rng))
}

fn integer_beside(rng: &mut Rng, old: &[u8]) -> Vec<u8> {
    let digits = old.get(if old[0] == 0x8a { 2 } else { 1 }..).unwrap_or_default();
    let known = digits.iter().rev().fold(0u64, |known, byte| known << 8 | u64::from(*byte));
    long(beside(rng, known))
}

/// An integer of eight bytes.
fn long(number: u64) -> Vec<u8> {
    [&[0x8a, 8][..], &number.to_le_bytes()].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&b"X"[..], &u32::try_from(text.len()).unwrap_or_default().to_le_bytes(), text.as_bytes()].concat()
}
