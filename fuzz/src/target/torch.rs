//! Pickles of torch, inside archives that are whole.

use crease_models::checkpoint::{TensorFile, TorchFile};
use crease_models::output::OutputFile;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::{Target, seeds};
use crate::file;
use crate::mutate::pickle;

pub(super) const TARGET: Target =
    Target { name: "pickle", longest: 1 << 13, seeds: seeds::pickles, change: pickle::change, run };

/// Conversions of larger files take longer than everything else.
const MOST_BYTES: u64 = 1 << 16;

fn run(data: &[u8]) -> bool {
    let path = file::holding("input.pt", &archive(data));
    // With a key, which few files have, every other time.
    read(&path, (data.len() % 2 == 1).then_some("state_dict.w"))
}

/// Reads and converts a checkpoint; it was accepted if it can be converted.
pub(super) fn read(path: &std::path::Path, key: Option<&str>) -> bool {
    let Ok(torch) = TorchFile::open(path, key) else {
        return false;
    };
    if torch.bytes() > MOST_BYTES {
        return true;
    }
    let to = path.with_extension("safetensors");
    let Ok(output) = OutputFile::new(&to) else {
        return false;
    };
    let converted = torch.convert(output).is_ok();
    if converted {
        let made = TensorFile::open(&to).expect("what was converted can be read");
        assert_eq!(made.names().count(), torch.tensors().count(), "every tensor is there");
    }
    let _ = std::fs::remove_file(to);
    converted
}

/// A checkpoint of a pickle, storage `0` of three floats and storage `1` of sixty-four bytes.
pub(super) fn archive(pickle: &[u8]) -> Vec<u8> {
    let floats: Vec<u8> = [1.0f32, 2.0, 3.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    packed(&[("m/data.pkl", pickle), ("m/data/0", &floats), ("m/data/1", &[7; 64]), ("m/byteorder", b"little")])
}

/// An archive of entries that are stored.
pub(super) fn packed(entries: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in entries {
        let begun = writer.new_file(name).compression_method(CompressionMethod::STORE).start();
        let (mut entry, config) = begun.expect("memory takes what is written");
        let mut data = config.wrap(&mut entry);
        data.write_all(bytes).expect("memory takes what is written");
        let (_, output) = data.finish().expect("memory takes what is written");
        entry.finish(output).expect("memory takes what is written");
    }
    writer.finish().expect("memory takes what is written")
}
