//! Hand-set policies: named parts of a program in chunks of a given size, whatever the budget.

use super::error::RivalError;
use super::schedule::{Program, looped, program, whole};
use crate::ir::{Graph, Op, Sizes};
use crate::plan::data::Plan;
use crate::plan::machine::Target;
use crate::plan::tree::region;

/// A part of a program that a policy chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// It begins with the first operation whose origin begins so.
    pub first: String,
    /// It ends with the next operation whose origin is this.
    pub last: String,
    /// The axis of the last operation's result that is split.
    pub axis: usize,
    /// Positions per iteration; a longer axis is split, any other stays whole.
    pub chunk: u64,
}

/// The plan of a policy: its regions in chunks, all else whole, in the order as written.
///
/// # Errors
/// See [`RivalError`].
pub fn fixed(graph: &Graph, sizes: &Sizes, target: &Target, regions: &[Region]) -> Result<Plan, RivalError> {
    let program = program(graph, sizes, target)?.explored();
    let order = program.written();
    let piece = program.piece(order.clone());
    let mut stretches = whole(&piece);
    for region in regions {
        let refused = || {
            let (first, last, axis) = (region.first.clone(), region.last.clone(), region.axis);
            RivalError::Region { first, last, axis }
        };
        let (l, r) = find(&program, region).ok_or_else(refused)?;
        let seed = piece.forms.slice_of_axis(order[r - 1], region.axis).ok_or_else(refused)?;
        if program.bound.extents[order[r - 1]][seed.index] <= region.chunk {
            continue;
        }
        // The first operation may be needed whole: the loop then begins after it.
        let grown = (l..r).find_map(|l| Some((l, region::grow(&piece, &order[l..r], seed)?)));
        let (l, slices) = grown.ok_or_else(refused)?;
        if stretches.iter().any(|s| s.l < r && l < s.r && s.r - s.l > 1) {
            return Err(refused());
        }
        stretches.retain(|s| s.r <= l || r <= s.l);
        stretches.push(looped(&piece, (l, r), &slices, region.chunk));
        stretches.sort_by_key(|s| s.l);
    }
    Ok(program.plan(order, &stretches))
}

/// The positions of a region's operations.
fn find(program: &Program, region: &Region) -> Option<(usize, usize)> {
    let nodes = &program.bound.graph.nodes;
    let l = nodes.values().position(|n| n.op != Op::View && n.origin.starts_with(&region.first))?;
    let last = nodes.values().skip(l).position(|n| n.op != Op::View && n.origin == region.last)?;
    Some((l, l + last + 1))
}
