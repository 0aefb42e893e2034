//! Archives made here, byte by byte, and what is read of them.

mod bombs;
mod broken;
mod hostile;
mod whole;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::TorchFile;
use crate::checkpoint::TensorFile;
use crate::output::OutputFile;

/// A pickle's instructions, as torch would write them.
#[derive(Clone, Default)]
struct Pickle(Vec<u8>);

impl Pickle {
    fn new() -> Pickle {
        Pickle(vec![0x80, 2])
    }

    fn raw(mut self, bytes: &[u8]) -> Pickle {
        self.0.extend(bytes);
        self
    }

    fn text(self, text: &str) -> Pickle {
        let length = u32::try_from(text.len()).expect("short");
        self.raw(b"X").raw(&length.to_le_bytes()).raw(text.as_bytes())
    }

    fn int(self, number: i32) -> Pickle {
        self.raw(b"J").raw(&number.to_le_bytes())
    }

    /// `module name`.
    fn global(self, name: &str) -> Pickle {
        self.raw(b"c").raw(name.replace(' ', "\n").as_bytes()).raw(b"\n")
    }

    fn tuple(self, numbers: &[i32]) -> Pickle {
        numbers.iter().fold(self.raw(b"("), |pickle, number| pickle.int(*number)).raw(b"t")
    }

    /// A view: offset, shape and strides of a storage of some kind, key and length.
    fn tensor(self, storage: (&str, &str, i32), offset: i32, shape: &[i32], strides: &[i32]) -> Pickle {
        let (kind, key, numbers) = storage;
        let begun = self.global("torch._utils _rebuild_tensor_v2").raw(b"((").text("storage");
        let stored = begun.global(&format!("torch {kind}")).text(key).text("cpu").int(numbers).raw(b"tQ");
        let viewed = stored.int(offset).tuple(shape).tuple(strides).raw(b"\x89");
        viewed.global("collections OrderedDict").raw(b")RtR")
    }

    /// Three floats in storage `0`.
    fn three(self) -> Pickle {
        self.tensor(("FloatStorage", "0", 3), 0, &[3], &[1])
    }

    /// What `{'name': value}` is.
    fn dict(self, name: &str, value: impl FnOnce(Pickle) -> Pickle) -> Pickle {
        value(self.raw(b"}").text(name)).raw(b"s")
    }

    fn end(self) -> Vec<u8> {
        self.raw(b".").0
    }
}

/// An archive's entries, stored.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    packed(entries, CompressionMethod::STORE)
}

fn packed(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in entries {
        let (mut entry, config) = writer.new_file(name).compression_method(method).start().expect("begun");
        let mut data = config.wrap(&mut entry);
        data.write_all(bytes).expect("written");
        let (_, output) = data.finish().expect("written");
        entry.finish(output).expect("written");
    }
    writer.finish().expect("written")
}

/// A checkpoint of a pickle and of storage `0`, which holds 1, 2 and 3.
fn checkpoint(pickle: Pickle) -> Vec<u8> {
    archive(&[("model/data.pkl", &pickle.end()), ("model/data/0", &floats(&[1.0, 2.0, 3.0]))])
}

fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A file of this test's own.
fn file(test: &str, bytes: &[u8]) -> PathBuf {
    let name = format!("crease-torch-{}-{test}.pt", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).expect("written");
    path
}

/// The tensors after conversion, as `name shape numbers` lines.
fn converted(test: &str, bytes: &[u8], key: Option<&str>) -> Result<String, String> {
    let (from, to) = (file(test, bytes), file(&format!("{test}-made"), b""));
    let made = convert(&from, &to, key);
    let _ = (std::fs::remove_file(&from), std::fs::remove_file(&to));
    made.map_err(|error| error.replace(&from.display().to_string(), "FILE"))
}

fn convert(from: &Path, to: &Path, key: Option<&str>) -> Result<String, String> {
    let torch = TorchFile::open(from, key).map_err(|e| e.to_string())?;
    torch.convert(OutputFile::new(to).expect("a place")).map_err(|e| e.to_string())?;
    let file = TensorFile::open(to).expect("a whole file");
    let mut text = String::new();
    for name in file.names() {
        let numbers = file.read(name).expect("numbers");
        let _ = writeln!(text, "{name} {:?} {numbers:?}", file.shape(name).expect("there"));
    }
    torch.skipped().iter().for_each(|name| {
        let _ = writeln!(text, "skipped {name}");
    });
    Ok(text)
}
