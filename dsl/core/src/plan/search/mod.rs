//! The search: for every piece of a program its Pareto-optimal ways to run, from the fastest to the leanest; a
//! plan takes from each piece the fastest that fits.

mod candidate;
mod explore;
mod front;
mod nested;
mod parts;
mod segment;
mod sizes;
mod stretch;

pub(in crate::plan) use candidate::Candidate;
pub(in crate::plan) use explore::carried_copy;
pub(in crate::plan) use parts::{LayersWay, Part, Path, Search, Way, Weights, inner_inputs};
