//! Safetensors files: what their headers say, and every tensor that can be read.

use crease_models::checkpoint::TensorFile;
use crease_runtime::Weights;

use super::{Target, seeds};
use crate::file;
use crate::mutate::archive;

pub(super) const TARGET: Target =
    Target { name: "safetensors", longest: 1 << 13, seeds: seeds::safetensors, change: archive::safetensors, run };

fn run(data: &[u8]) -> bool {
    let path = file::holding("input.safetensors", data);
    let weights = Weights::open(&path);
    let Ok(tensors) = TensorFile::open(&path) else {
        assert!(weights.is_err(), "weights are tensors of a file that can be read");
        return false;
    };
    weights.expect("what can be read can be used").look_through();
    for name in tensors.names() {
        if let Ok(numbers) = tensors.read(name) {
            assert!(numbers.iter().all(|number| number.is_finite()), "numbers that are read are finite");
        }
    }
    true
}
