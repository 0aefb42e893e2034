//! Schedule trees: in which order and in which loops the nodes of a graph run, the resulting live ranges, and how
//! long it takes. No decisions are made here.

mod bound;
pub(in crate::plan) mod cost;
pub(in crate::plan) mod item;
pub(in crate::plan) mod join;
mod life;
mod moments;
pub(in crate::plan) mod order;
mod piece;
pub(in crate::plan) mod region;
mod until;

pub(in crate::plan) use bound::Bound;
pub(in crate::plan) use cost::{Around, Costs, Turn};
pub(in crate::plan) use item::{Item, Loop, Slices};
pub(in crate::plan) use life::{Content, Life, Profile};
pub(in crate::plan) use moments::{Leaf, Moments};
pub(in crate::plan) use piece::Piece;
pub(in crate::plan) use until::Until;
