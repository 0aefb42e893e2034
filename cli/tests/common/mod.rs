//! What the tests of the command share: running it, and files to feed it.

#![allow(dead_code, unreachable_pub, missing_docs)] // each test file uses its part

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crease_core::ir::Sizes;
use crease_core::lang::ast::Literal;
use crease_core::random::Choices;
use crease_models::checkpoint::{IgFoldFiles, cache};
use crease_models::registry;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// An alignment of twelve residues.
pub const ALIGNMENT: &str = ">query\nMKTAYIAKQRQI\n>one\nMKTAYIAKQRQ-\n>two\nMRTAYlkIAKERQI\n>three\n--TAYVAKQKQI\n";

/// A tensor to be written: name, extents, numbers.
pub type Tensor = (String, Vec<usize>, Vec<f32>);
pub type Tensors = Vec<Tensor>;

/// A directory of this test's own, empty.
pub fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a directory can be made");
    folder
}

pub fn crease<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crease")).args(arguments).output().expect("the command starts")
}

/// What a command that succeeds prints.
pub fn said<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> String {
    let output = crease(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// What `--weights` may be for IgFold: the folder that `CREASE_WEIGHTS` names, else the user's cache. None, and a line
/// that says so, where the weights are not at hand.
pub fn igfold_weights() -> Option<PathBuf> {
    let named = std::env::var_os("CREASE_WEIGHTS").map(PathBuf::from);
    if let Err(error) = IgFoldFiles::find(named.as_deref()) {
        eprintln!("skipped: {error}");
        return None;
    }
    named.or_else(|| Some(cache().ok()?.join("igfold")))
}

pub fn write(path: &Path, tensors: &Tensors, metadata: &[(&str, String)]) {
    write_as(path, tensors, metadata, Dtype::F32, |x| x.to_le_bytes().to_vec());
}

/// Writes numbers in another form.
pub fn write_as(
    path: &Path,
    tensors: &Tensors,
    metadata: &[(&str, String)],
    form: Dtype,
    number: impl Fn(f32) -> Vec<u8>,
) {
    let bytes = |data: &Vec<f32>| data.iter().flat_map(|x| number(*x)).collect();
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|(_, _, data)| bytes(data)).collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (name.clone(), TensorView::new(form, shape.clone(), bytes).expect("shape and bytes agree"))
    });
    let metadata: HashMap<String, String> = metadata.iter().map(|(k, v)| ((*k).to_string(), v.clone())).collect();
    let file = safetensors::serialize(views, Some(metadata)).expect("a file");
    std::fs::write(path, file).expect("written");
}

/// Every tensor of a file.
pub fn read(path: &Path) -> HashMap<String, (Vec<usize>, Vec<f32>)> {
    let bytes = std::fs::read(path).expect("the output exists");
    let file = SafeTensors::deserialize(&bytes).expect("a whole safetensors file");
    let numbers = |data: &[u8]| data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    file.iter().map(|(name, view)| (name.to_string(), (view.shape().to_vec(), numbers(view.data())))).collect()
}

/// Numbers between -1 and 1.
pub fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut choices = Choices::new(seed);
    (0..count).map(|_| choices.noise() as f32).collect()
}

/// Widths far below AlphaFold's.
pub const SMALL: [(&str, u64); 11] = [
    ("C_M", 16),
    ("C_Z", 8),
    ("C_S", 12),
    ("C_HIDDEN_MSA", 4),
    ("HEADS_MSA", 2),
    ("C_HIDDEN_OPM", 4),
    ("C_HIDDEN_MUL", 8),
    ("C_HIDDEN_PAIR", 4),
    ("HEADS_PAIR", 2),
    ("TRANSITION_N", 2),
    ("BLOCKS", 2),
];

/// Weights of a model at small widths, under a prefix.
pub fn small_weights(model: &str, prefix: &str) -> Tensors {
    let entry = registry().iter().find(|e| e.name == model).expect("a model");
    let signature = (entry.model)().signature().expect("a signature");
    let size = |c: &crease_core::lang::ast::Constant| match c.value {
        Literal::Size(default) => {
            Some(SMALL.iter().find(|(name, _)| *name == c.name.text).map_or(default, |(_, size)| *size))
        }
        _ => None,
    };
    let sizes: Sizes = signature.settings.iter().filter_map(|c| Some((c.name.text.clone(), size(c)?))).collect();
    let mut tensors = Tensors::new();
    for parameter in signature.parameters.iter().filter(|p| !p.name.contains("linear_ab_")) {
        let shape: Vec<usize> = parameter.shape.iter().map(|e| e.eval(&sizes).expect("sized") as usize).collect();
        let layers: u64 = parameter.counts.iter().map(|e| e.eval(&sizes).expect("sized")).product();
        for layer in 0..layers {
            let name = format!("{prefix}{}", parameter.name.replace("{}", &layer.to_string()));
            let count: usize = shape.iter().product();
            let mut data = noise(count, tensors.len() as u64 + 1);
            data.iter_mut().for_each(|x| *x *= 0.3);
            tensors.push((name, shape.clone(), data));
        }
    }
    tensors
}

/// Inputs of Evoformer blocks and stacks: five sequences, seven residues, small widths.
pub fn small_inputs() -> Tensors {
    let (s, r) = (5, 7);
    vec![
        ("m".into(), vec![s, r, 16], noise(s * r * 16, 101)),
        ("z".into(), vec![r, r, 8], noise(r * r * 8, 102)),
        ("msa_mask".into(), vec![s, r], vec![1.0; s * r]),
        ("pair_mask".into(), vec![r, r], vec![1.0; r * r]),
    ]
}

/// The largest difference of two tensors.
pub fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// A PDB file of the Cα atoms of a sequence, 3.8 Å apart on a line but for every fourth.
pub fn pdb(chain: &str, sequence: &str) -> String {
    const NAMES: [(char, &str); 20] = [
        ('A', "ALA"),
        ('C', "CYS"),
        ('D', "ASP"),
        ('E', "GLU"),
        ('F', "PHE"),
        ('G', "GLY"),
        ('H', "HIS"),
        ('I', "ILE"),
        ('K', "LYS"),
        ('L', "LEU"),
        ('M', "MET"),
        ('N', "ASN"),
        ('P', "PRO"),
        ('Q', "GLN"),
        ('R', "ARG"),
        ('S', "SER"),
        ('T', "THR"),
        ('V', "VAL"),
        ('W', "TRP"),
        ('Y', "TYR"),
    ];
    let line = |(k, letter): (usize, char)| {
        let name = NAMES.iter().find(|(known, _)| *known == letter).expect("an amino acid").1;
        let (x, y) = (3.8 * k as f64 + 2.5, if k % 4 == 3 { 3.0 } else { 0.0 });
        format!("ATOM  {k:>5}  CA  {name} {chain}{:>4}    {x:8.3}{y:8.3}   0.000  1.00  0.00           C\n", k + 1)
    };
    sequence.chars().enumerate().map(line).collect()
}

/// A checkpoint as torch writes it: a pickle, and storages by their keys.
pub fn torch_archive(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = rawzip::ZipArchiveWriter::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| {
        let (mut entry, config) = writer.new_file(name).start().expect("begun");
        let mut data = config.wrap(&mut entry);
        data.write_all(bytes).expect("written");
        let (_, output) = data.finish().expect("written");
        entry.finish(output).expect("written");
    };
    add("model/data.pkl", pickle);
    storages.iter().for_each(|(key, bytes)| add(&format!("model/data/{key}"), bytes));
    writer.finish().expect("written")
}
