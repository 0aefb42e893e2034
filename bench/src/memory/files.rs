//! Files to run on: weights, inputs and alignments, written piece by piece so that this process stays small.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

use crease_core::ir::{Extent, Sizes};
use crease_core::lang::{Signature, Tensor};

/// What the numbers of a file are kept in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Numbers {
    F32,
    F16,
    Bf16,
    F64,
    /// Single precision, some bytes off a multiple of eight.
    Off(usize),
}

impl Numbers {
    pub(super) const ALL: [Numbers; 6] =
        [Numbers::F32, Numbers::F16, Numbers::Bf16, Numbers::F64, Numbers::Off(1), Numbers::Off(2)];

    pub(super) fn name(self) -> &'static str {
        match self {
            Numbers::F32 => "F32",
            Numbers::F16 => "F16",
            Numbers::Bf16 => "BF16",
            Numbers::F64 => "F64",
            Numbers::Off(_) => "F32 off",
        }
    }

    /// The bytes of 4,096 numbers from -1 to 1 times a scale; files repeat them.
    fn bytes(self, scale: f32) -> Vec<u8> {
        let number = |k: usize| ((k * 37 % 101) as f32 - 50.0) / 50.0 * scale;
        let bytes = |x: f32| match self {
            Numbers::F32 | Numbers::Off(_) => x.to_le_bytes().to_vec(),
            Numbers::F16 => half::f16::from_f32(x).to_le_bytes().to_vec(),
            Numbers::Bf16 => half::bf16::from_f32(x).to_le_bytes().to_vec(),
            Numbers::F64 => f64::from(x).to_le_bytes().to_vec(),
        };
        (0..4096).map(number).flat_map(bytes).collect()
    }
}

/// A tensor to be written: name, extents, and whether it is all ones.
type Written = (String, Vec<u64>, bool);

/// Writes a safetensors file.
fn write(path: &Path, tensors: &[Written], numbers: Numbers) -> Result<()> {
    let dtype = if let Numbers::Off(_) = numbers { "F32" } else { numbers.name() };
    let block = numbers.bytes(0.02);
    let width = block.len() as u64 / 4096;
    let (mut header, mut at) = (String::from("{"), 0);
    for (k, (name, shape, _)) in tensors.iter().enumerate() {
        let end = at + width * shape.iter().product::<u64>();
        let comma = if k == 0 { "" } else { "," };
        let _ = write!(
            header,
            "{comma}\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{at},{end}]}}"
        );
        at = end;
    }
    header.push('}');
    let off = if let Numbers::Off(bytes) = numbers { bytes } else { 0 };
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len() + off));
    let mut file = BufWriter::with_capacity(1 << 16, File::create(path)?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    let ones = Numbers::bytes(numbers, 1.0)[100 * width as usize..][..width as usize].repeat(4096);
    for (_, shape, all_ones) in tensors {
        let source = if *all_ones { &ones } else { &block };
        let mut left = width * shape.iter().product::<u64>();
        while left > 0 {
            let some = left.min(source.len() as u64);
            file.write_all(&source[..some as usize])?;
            left -= some;
        }
    }
    file.flush()
}

/// Writes weights of a model under a prefix, for every layer, at given sizes of its constants.
pub(super) fn weights(path: &Path, model: &Signature, prefix: &str, sizes: &Sizes, numbers: Numbers) -> Result<()> {
    write(path, &parameters(model, prefix, sizes), numbers)
}

/// Writes inputs of a model under a prefix, at given sizes of its axes and constants. Masks are all ones.
pub(super) fn inputs(path: &Path, model: &Signature, prefix: &str, sizes: &Sizes) -> Result<()> {
    write(path, &given(model, prefix, sizes), Numbers::F32)
}

/// Writes a file with both: `weights.` and `in.`.
pub(super) fn reference(path: &Path, model: &Signature, sizes: &Sizes) -> Result<()> {
    let mut tensors = parameters(model, "weights.", sizes);
    tensors.extend(given(model, "in.", sizes));
    write(path, &tensors, Numbers::F32)
}

fn parameters(model: &Signature, prefix: &str, sizes: &Sizes) -> Vec<Written> {
    let mut tensors = Vec::new();
    for parameter in model.parameters.iter().filter(|p| !p.name.contains(".linear_ab_")) {
        let shape = extents(&parameter.shape, sizes);
        let counts = extents(&parameter.counts, sizes);
        for layer in 0..counts.iter().product() {
            let mut rest: u64 = layer;
            let mut name = parameter.name.clone();
            for count in &counts {
                name = name.replacen("{}", &(rest % count).to_string(), 1);
                rest /= count;
            }
            tensors.push((format!("{prefix}{name}"), shape.clone(), false));
        }
    }
    tensors
}

fn given(model: &Signature, prefix: &str, sizes: &Sizes) -> Vec<Written> {
    let tensor =
        |input: &Tensor| (format!("{prefix}{}", input.name), extents(&input.shape, sizes), input.name.contains("mask"));
    model.inputs.iter().map(tensor).collect()
}

fn extents(all: &[Extent], sizes: &Sizes) -> Vec<u64> {
    all.iter().map(|extent| extent.eval(sizes).expect("every axis and constant has a size")).collect()
}

/// How an alignment is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Layout {
    A3m,
    /// In blocks of 60 columns.
    Stockholm,
}

/// Writes an alignment of so many rows and residues, nearly all of them different.
pub(super) fn alignment(path: &Path, layout: Layout, rows: usize, residues: usize) -> Result<()> {
    const LETTERS: &[u8] = b"ACDEFGHIKLMNPQRSTVWY";
    let query: Vec<u8> = (0..residues).map(|k| LETTERS[k * k % 20]).collect();
    let row = |number: usize| {
        let mut letters = query.clone();
        (0..5).for_each(|k| letters[(number >> (4 * k)) * 7 % residues] = LETTERS[(number >> (3 * k)) % 20]);
        letters
    };
    let mut file = BufWriter::with_capacity(1 << 16, File::create(path)?);
    match layout {
        Layout::A3m => {
            for number in 0..rows {
                writeln!(file, ">row {number}")?;
                file.write_all(&row(number))?;
                file.write_all(if number % 3 == 0 { b"\n" } else { b"aa\n" })?;
            }
        }
        Layout::Stockholm => {
            writeln!(file, "# STOCKHOLM 1.0")?;
            for from in (0..residues).step_by(60) {
                writeln!(file)?;
                for number in 0..rows {
                    write!(file, "row{number}/1-{residues} ")?;
                    file.write_all(&row(number)[from..residues.min(from + 60)])?;
                    writeln!(file)?;
                }
            }
            writeln!(file, "//")?;
        }
    }
    file.flush()
}
