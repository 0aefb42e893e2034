//! A stretch (consecutive nodes of an order) and one way to run it.

use crate::plan::tree::Item;

/// A stretch and how it runs.
pub(in crate::plan) struct Candidate {
    pub l: usize,
    pub r: usize,
    pub items: Vec<Item>,
    pub peak: u64,
    pub time: u64,
}
