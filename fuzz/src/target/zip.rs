//! Archives as such: their directories, sizes and places.

use super::{Target, seeds, torch};
use crate::file;
use crate::mutate::archive;

pub(super) const TARGET: Target =
    Target { name: "zip", longest: 1 << 13, seeds: seeds::archives, change: archive::zip, run };

fn run(data: &[u8]) -> bool {
    torch::read(&file::holding("input.pt", data), None)
}
