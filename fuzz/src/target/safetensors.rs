//! Safetensors by both of their readers: tensor by tensor, and mapped.

use crease_models::checkpoint::TensorFile;
use crease_runtime::Weights;

use super::{Target, seeds};
use crate::file::Scratch;
use crate::mutate::archive;

pub(super) const TARGET: Target =
    Target { name: "safetensors", longest: 1 << 13, seeds: seeds::safetensors, change: archive::safetensors, run };

fn run(data: &[u8]) -> bool {
    Scratch::of_this_thread("input.safetensors", |file| {
        let path = file.holding(data);
        let read = TensorFile::open(path).map(|tensors| {
            tensors.names().filter(|name| tensors.read(name).is_ok()).map(ToString::to_string).collect::<Vec<_>>()
        });
        let mapped = Weights::open(path);
        if let Ok(weights) = &mapped {
            weights.look_through();
            for name in read.iter().flatten() {
                assert!(weights.are_in_file(|needed| needed == name), "both readers know the same names");
            }
        }
        read.is_ok() && mapped.is_ok()
    })
}
