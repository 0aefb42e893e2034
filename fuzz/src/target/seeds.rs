//! Inputs to begin with: the examples that are shipped, small ones made here, and cases from the field where that folder
//! is there.

use std::fs;
use std::path::{Path, PathBuf};

use crease_core::plan::{InstructionSet, Planner, Target};
use crease_models::registry;
use quote::ToTokens;
use rawzip::ZipArchive;

use super::torch;

/// Longest file that is taken: much of a longer one would be the same again.
const LONGEST: u64 = 1 << 15;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files of a folder here, and those elsewhere with these endings.
pub(super) fn of(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let ending = |path: &PathBuf| path.extension().is_some_and(|e| endings.iter().any(|known| e == *known));
    let mut paths = Vec::new();
    for folder in
        [root().join("fuzz/seeds").join(folder), root().join("models/examples"), root().join("../shared/cases")]
    {
        files(&folder, &mut paths);
    }
    paths.sort();
    paths.iter().filter(|path| ending(path)).filter_map(|path| fs::read(path).ok()).collect()
}

/// All files in a folder that are not too long.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if entry.metadata().is_ok_and(|about| about.len() <= LONGEST) {
            found.push(path);
        }
    }
}

/// A pickle's instructions after the protocol, as torch writes a tensor of three floats.
const THREE: &[u8] = b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n\
    X\x01\0\0\x000X\x03\0\0\0cpuK\x03tQK\0K\x03\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR";

pub(super) fn pickles() -> Vec<Vec<u8>> {
    let whole = |parts: &[&[u8]]| [b"\x80\x02", parts.concat().as_slice(), b"."].concat();
    let dictionary = |value: &[u8]| whole(&[b"}X\x01\0\0\0w", value, b"s"]);
    let mut all = vec![
        dictionary(THREE),
        whole(&[b"}q\0(X\x01\0\0\0a", THREE, b"q\x01X\x01\0\0\0bh\x01u"]),
        whole(&[b"}X\x0a\0\0\0state_dict}X\x01\0\0\0w", THREE, b"ssX\x01\0\0\0nK\x07s"]),
        dictionary(
            &[b"ctorch._utils\n_rebuild_parameter\n", THREE, b"\x88ccollections\nOrderedDict\n)R\x87R"].concat(),
        ),
        dictionary(b"cmy.module\nClass\n)\x81}X\x01\0\0\0xK\x01sb"),
        dictionary(
            b"]q\0(K\x01J\xff\xff\xff\xff\x8a\x02\0\x01G\0\0\0\0\0\0\xf0?NX\x01\0\0\0ze\
            ccollections\nOrderedDict\n)Rq\x01",
        ),
    ];
    let archives = of("torch", &["pt", "pth", "ckpt"]);
    all.extend(archives.iter().filter_map(|archive| entry(archive, "data.pkl")));
    all
}

/// The bytes of an archive's first entry whose name ends so.
fn entry(archive: &[u8], ending: &str) -> Option<Vec<u8>> {
    let archive = ZipArchive::from_slice(archive).ok()?;
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().ok()? {
        if entry.file_path().as_bytes().ends_with(ending.as_bytes()) {
            return Some(archive.get_entry(entry.wayfinder()).ok()?.data().to_vec());
        }
    }
    None
}

pub(super) fn archives() -> Vec<Vec<u8>> {
    let own = pickles().into_iter().take(4).map(|pickle| torch::archive(&pickle));
    own.chain(of("torch", &["pt", "pth", "ckpt", "npz"])).collect()
}

pub(super) fn safetensors() -> Vec<Vec<u8>> {
    let file = |header: &str, numbers: &[u8]| {
        let length = (header.len() as u64).to_le_bytes();
        [&length, header.as_bytes(), numbers].concat()
    };
    let mut all = vec![
        file(r#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#, &[0; 24]),
        file(
            r#"{"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]},
            "a":{"dtype":"F64","shape":[],"data_offsets":[8,16]}}"#,
            &[1; 16],
        ),
        file(
            r#"{"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"u":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},
            "e":{"dtype":"F16","shape":[0,9],"data_offsets":[11,11]}}"#,
            &[0; 11],
        ),
    ];
    all.extend(of("safetensors", &["safetensors"]));
    all
}

/// Plans of every model that are not too long, with no budget and with the smallest.
pub(super) fn plans() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for entry in registry() {
        let Ok(model) = (entry.model)().elaborate(&Default::default(), &Default::default()) else { continue };
        let mut sizes = model.sizes.clone();
        let axes = model.graph.symbols().into_iter().filter(|axis| !model.sizes.contains_key(axis));
        sizes.extend(axes.map(|axis| (axis, 24)).collect::<Vec<_>>());
        let target = Target::shipped(InstructionSet::Avx2, 2);
        let Ok(planner) = Planner::new(&model.graph, &sizes, &target) else { continue };
        for budget in [None, Some(planner.leanest().memory.total())] {
            let plan = planner.plan(budget).expect("the smallest budget is met");
            let text = serde_json::to_vec(&plan).expect("a plan is JSON");
            all.push(text);
        }
    }
    all
}

/// The modules of the models, and of the cases that must compile or must not: most of these are short.
pub(super) fn modules() -> Vec<Vec<u8>> {
    models().into_iter().chain(modules_in("tests/ui")).collect()
}

/// The modules of the models alone.
pub(super) fn models() -> Vec<Vec<u8>> {
    modules_in("models/src")
}

fn modules_in(folder: &str) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    files(&root().join(folder), &mut paths);
    paths.sort();
    let sources = paths.iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    let parsed = sources.filter_map(|path| syn::parse_file(&fs::read_to_string(path).ok()?).ok());
    let items = parsed.flat_map(|file| file.items);
    let modules = items.filter_map(|item| match item {
        syn::Item::Mod(module) => Some(module),
        _ => None,
    });
    modules.filter_map(model).collect()
}

/// A module's text without the attribute that makes it a model.
fn model(mut module: syn::ItemMod) -> Option<Vec<u8>> {
    let is_model =
        |attribute: &syn::Attribute| attribute.path().segments.last().is_some_and(|last| last.ident == "model");
    module.attrs.iter().any(is_model).then(|| {
        module.attrs.retain(|attribute| !is_model(attribute));
        module.to_token_stream().to_string().into_bytes()
    })
}
