//! The index table: how an operation treats each of its indices.
//!
//! This is the only place that knows. Chunking, loop invariance, in-place legality, cost and lowering
//! all use it.

use std::ops::Range;

use super::access::{AxisRef, Index};
use super::graph::{Node, Op};
use super::row::RowOp;
use super::scalar::Instr;

/// How partial results of a consumed index combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// They are added.
    Sum,
    /// The larger one is kept.
    Max,
    /// They are averaged, each with the weight `e^l` where `l` is the logarithm of the sum of its
    /// exponentials: the online softmax. The triple (largest logit, sum, weighted sum) of Milakov and
    /// Gimelshein 2018 is kept as the pair (l, weighted mean).
    Softmax,
}

/// How an operation treats an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Behaviour {
    /// The result has it, and its slices are independent.
    Map,
    /// It is consumed; partial results are combined.
    Fold(Combine),
    /// It is needed all at once.
    Whole,
}

impl Node {
    /// How this node treats one of its indices.
    pub fn behaviour(&self, index: Index) -> Behaviour {
        let accesses = || self.operands.iter().chain(&self.results);
        // Part of a joined or sliced axis: a slice of the index is not a slice of the axis.
        let entangled = accesses().flat_map(|a| &a.axes).any(|axis| match axis {
            AxisRef::Joined(o, i) => *o == index || *i == index,
            AxisRef::Shifted(i, _) => *i == index,
            AxisRef::Index(_) | AxisRef::Unit => false,
        });
        // Twice on one value: a slice of the index would not be a slice of one axis of the value.
        let repeated = accesses().any(|a| a.axes.iter().filter(|x| **x == AxisRef::Index(index)).count() > 1);
        if entangled || repeated {
            return Behaviour::Whole;
        }
        let kept = self.results.iter().all(|r| r.mentions(index));
        match &self.op {
            // An index that a pointwise result lacks is gathered from.
            Op::Pointwise(_) | Op::View if kept => Behaviour::Map,
            Op::Pointwise(_) | Op::View => Behaviour::Whole,
            Op::Contract(_) if kept => Behaviour::Map,
            Op::Contract(c) if c.is_plain() => Behaviour::Fold(Combine::Sum),
            Op::Contract(_) => Behaviour::Whole,
            Op::Attend { key, .. } if index == *key => Behaviour::Fold(Combine::Softmax),
            // This is really a map, but every slice of channels would recompute the same logits.
            Op::Attend { channel, .. } if index == *channel => Behaviour::Whole,
            Op::Attend { .. } if kept => Behaviour::Map,
            Op::Attend { .. } => Behaviour::Whole,
            Op::Rows { row, over, after, .. } => match (over.contains(&index), row) {
                (false, _) if kept => Behaviour::Map,
                (false, _) => Behaviour::Whole,
                (true, RowOp::Sum) if after.is_row() => Behaviour::Fold(Combine::Sum),
                (true, RowOp::Max) if after.is_row() => Behaviour::Fold(Combine::Max),
                (true, _) => Behaviour::Whole,
            },
            Op::Concat { along } => {
                let own = self.operands.iter().all(|o| o.mentions(index)) && *along != index;
                if own && kept { Behaviour::Map } else { Behaviour::Whole }
            }
            Op::Repeat(_) => Behaviour::Whole,
        }
    }

    /// How many of the given points are computed: in causal attention, only those of unmasked keys.
    pub fn computed(&self, extent: &dyn Fn(Index) -> u128) -> (u128, u128) {
        match self.op {
            Op::Attend { key, causal: Some(query), .. } => {
                let (queries, keys) = (extent(query), extent(key));
                (causal_pairs(0..queries, 0..keys), queries.saturating_mul(keys))
            }
            _ => (1, 1),
        }
    }

    /// Whether the result may overwrite this operand in place: each element of the result
    /// needs only those elements of the operand that it, or what is written with it, replaces.
    pub fn may_overwrite(&self, operand: usize) -> bool {
        let (read, written) = (&self.operands[operand].axes, &self.results[0].axes);
        let plain = written.iter().all(|a| matches!(a, AxisRef::Index(_)));
        match &self.op {
            Op::Pointwise(expr) => {
                plain && read == written && !expr.0.iter().any(|i| matches!(i, Instr::Gather { .. }))
            }
            // Factors are read repeatedly; the epilogue reads each element only where it writes.
            Op::Contract(c) => plain && operand >= c.loads() && read == written,
            // Queries are read, all of a row's inner index, before the row's channels are written.
            Op::Attend { inner, channel, .. } => {
                let seen =
                    |a: &AxisRef| if *a == AxisRef::Index(*inner) { AxisRef::Index(*channel) } else { a.clone() };
                plain && operand == 0 && read.iter().map(seen).eq(written.iter().cloned())
            }
            Op::View | Op::Rows { .. } | Op::Concat { .. } | Op::Repeat(_) => false,
        }
    }
}

/// Unmasked pairs of queries and keys in the given ranges of positions.
pub fn causal_pairs(queries: Range<u128>, keys: Range<u128>) -> u128 {
    let many = keys.end.saturating_sub(keys.start);
    // Sum over the queries before a position: the first query with a key has one key, the next two, up to all.
    let before = |query: u128| {
        let with = query.saturating_sub(keys.start);
        let rising = with.min(many);
        (rising.saturating_mul(rising + 1) / 2).saturating_add((with - rising).saturating_mul(many))
    };
    before(queries.end) - before(queries.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_those_that_a_plain_loop_counts() {
        let ranges = || (0u128..7).flat_map(|start| (start..10).map(move |end| start..end));
        for (queries, keys) in ranges().flat_map(|queries| ranges().map(move |keys| (queries.clone(), keys))) {
            let counted = queries.clone().flat_map(|q| keys.clone().filter(move |k| *k <= q)).count() as u128;
            assert_eq!(causal_pairs(queries.clone(), keys.clone()), counted, "{queries:?}, {keys:?}");
        }
    }
}
