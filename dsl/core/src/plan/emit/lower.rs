//! Lowering: a node becomes kernel calls, indices become strides, axes become places.

use cranelift_entity::EntityRef;

use crate::ir::{Access, AxisRef, Binary, Combine, Expr, Format, Index, Instr, NodeId, Op, ValueId, number};
use crate::kernel::{Attend, Contract, Gathered, Kernel, Nest, Part, Row, RowNorm, Strides};
use crate::plan::data::{Base, Call, KernelId, Length, LoopId, Place, SlotId};
use crate::plan::tree::Bound;

/// A loop around a node.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    /// The counter.
    pub id: LoopId,
    /// The node's index that the loop splits; none where the node runs whole in every iteration.
    pub index: Option<Index>,
}

/// Where the memory of a root is during a call.
pub(super) struct Home {
    /// The buffer or weight.
    pub base: Base,
    /// The axes of which it holds one chunk only: axis, positions and the loop.
    pub chunks: Vec<(usize, u64, LoopId)>,
    /// What it holds.
    pub format: Format,
}

/// How a call combines its result with the previous contents.
pub(super) enum Onto {
    /// The result is overwritten.
    Nothing,
    /// The previous contents of the result.
    Result,
    /// The previous contents of the result, a mean with the logarithms of its sums here.
    Running(Home),
}

/// A node at its place among loops.
pub(super) struct Site<'a> {
    pub bound: &'a Bound,
    pub id: NodeId,
    /// The loops around it.
    pub turns: &'a [Turn],
}

impl Site<'_> {
    /// Where an accessed value is, and the stride of each index there.
    fn place(&self, access: &Access, home: &Home) -> (Place, Strides) {
        let chunks: Vec<(usize, u64)> = home.chunks.iter().map(|c| (c.0, c.1)).collect();
        let (offset, axes) = self.bound.locate(access.value, &chunks);
        let (moved, strides) = self.bound.index_strides(self.id, access, &axes);
        let place = Place { base: home.base, offset: offset + moved, moves: self.moves(home, &strides) };
        (place, signed(&strides, home.format))
    }

    fn lengths(&self) -> Vec<Length> {
        let length = |i: Index| match self.turns.iter().find(|t| t.index == Some(i)) {
            Some(turn) => Length::Chunk(turn.id),
            None => Length::Fixed(self.bound.extents[self.id][i]),
        };
        (0..self.bound.extents[self.id].len()).map(length).collect()
    }

    fn call(&self, operands: Vec<Place>, results: Vec<Place>, lengths: Vec<Length>, scratch: Option<SlotId>) -> Call {
        let origin = self.bound.graph.nodes[self.id].origin.clone();
        Call { kernel: KernelId::new(0), operands, results, lengths, scratch, moment: 0, origin }
    }

    /// `result = expr(loads)`, where loads and result are the node's own result in several homes.
    fn over_result(&self, loads: &[&Home], into: &Home, expr: Expr) -> (Kernel, Call) {
        let access = self.bound.graph.nodes[self.id].result();
        let (operands, loads): (Vec<Place>, Vec<Strides>) = loads.iter().map(|h| self.place(access, h)).unzip();
        let (result, store) = self.place(access, into);
        let mut lengths = self.lengths();
        for i in (0..lengths.len()).filter(|&i| !access.mentions(i)) {
            lengths[i] = Length::Fixed(1);
        }
        let nest = Nest {
            indices: lengths.len(),
            gathers: vec![None; loads.len()],
            loads,
            store,
            before: Expr::default(),
            row: None,
            after: expr,
        };
        (Kernel::Nest(nest), self.call(operands, vec![result], lengths, None))
    }

    /// Initializes a fold's result.
    pub(super) fn fill(&self, into: &Home, combine: Combine) -> (Kernel, Call) {
        let start = match combine {
            Combine::Sum | Combine::Softmax => 0.0,
            Combine::Max => f64::NEG_INFINITY,
        };
        self.over_result(&[], into, Expr(vec![Instr::Const(start)]))
    }

    /// Initializes the running logarithm of a softmax fold to −∞, the logarithm of an empty sum.
    pub(super) fn fill_running(&self, running: &Home, channel: Index) -> (Kernel, Call) {
        let (result, store) = self.running(running, channel);
        let mut lengths = self.lengths();
        let access = self.bound.graph.nodes[self.id].result();
        for i in (0..lengths.len()).filter(|&i| i == channel || !access.mentions(i)) {
            lengths[i] = Length::Fixed(1);
        }
        let after = Expr(vec![Instr::Const(f64::NEG_INFINITY)]);
        let indices = lengths.len();
        let nest = Nest { indices, loads: vec![], gathers: vec![], store, before: Expr::default(), row: None, after };
        (Kernel::Nest(nest), self.call(vec![], vec![result], lengths, None))
    }

    /// The place of the running logarithm of a softmax fold: the result's axes without its channels.
    fn running(&self, home: &Home, channel: Index) -> (Place, Strides) {
        let access = self.bound.graph.nodes[self.id].result();
        let mut chunks: Vec<(usize, u64)> = home.chunks.iter().map(|c| (c.0, c.1)).collect();
        chunks.extend(access.axis_of(channel).map(|axis| (axis, 1)));
        let (offset, axes) = self.bound.locate(access.value, &chunks);
        let (_, mut strides) = self.bound.index_strides(self.id, access, &axes);
        strides[channel] = 0;
        let place = Place { base: home.base, offset, moves: self.moves(home, &strides) };
        (place, signed(&strides, home.format))
    }

    /// The elements that loops outside a home add.
    fn moves(&self, home: &Home, strides: &[u64]) -> Vec<(LoopId, u64)> {
        let outside = self.turns.iter().filter(|t| home.chunks.iter().all(|c| c.2 != t.id));
        outside.filter_map(|t| Some((t.id, strides[t.index?]))).filter(|m| m.1 > 0).collect()
    }

    /// Combines the partial result of a slice with the previous contents.
    pub(super) fn combine(&self, part: &Home, into: &Home, combine: Combine) -> (Kernel, Call) {
        let f = match combine {
            Combine::Sum => Binary::Add,
            Combine::Max => Binary::Max,
            Combine::Softmax => unreachable!("a softmax fold adds to its result itself"),
        };
        self.over_result(&[into, part], into, Expr(vec![Instr::Load(0), Instr::Load(1), Instr::Binary(f, 0, 1)]))
    }

    /// The kernel calls of the node (several for a concatenation), each without its kernel's number.
    pub(super) fn lower(
        &self,
        home: &dyn Fn(ValueId) -> Home,
        scratch: Option<SlotId>,
        onto: &Onto,
    ) -> Vec<(Kernel, Call)> {
        let (bound, id) = (self.bound, self.id);
        let node = &bound.graph.nodes[id];
        let place = |access: &Access| self.place(access, &home(bound.roots[access.value]));
        let lengths = self.lengths();
        let (operands, loads): (Vec<Place>, Vec<Strides>) = node.operands.iter().map(&place).unzip();
        let (result, store) = place(node.result());
        let bind = |expr: &Expr| bind_sizes(expr, bound);
        match &node.op {
            Op::View | Op::Repeat(_) => vec![],
            Op::Contract(_) => vec![self.contract(&[self], home, scratch, onto)],
            Op::Attend { factor, key, inner, channel, causal } => {
                let mut operands = operands;
                let running = match onto {
                    Onto::Running(home) => {
                        let (place, strides) = self.running(home, *channel);
                        operands.push(place);
                        Some(strides)
                    }
                    Onto::Nothing | Onto::Result => None,
                };
                let kernel = Attend {
                    indices: lengths.len(),
                    factor: number(factor, &bound.sizes).expect("checked by the spec and when bound"),
                    q: loads[0].clone(),
                    k: loads[1].clone(),
                    v: loads[2].clone(),
                    added: loads[3..].to_vec(),
                    running,
                    store,
                    key: *key,
                    inner: *inner,
                    channel: *channel,
                    causal: *causal,
                };
                vec![(Kernel::Attend(kernel), self.call(operands, vec![result], lengths, scratch))]
            }
            Op::Pointwise(expr) => {
                let (nest, lengths) = gathered_nest(bound, id, bind(expr), loads, store, lengths);
                vec![(Kernel::Nest(nest), self.call(operands, vec![result], lengths, None))]
            }
            Op::Rows { before, row, over, after } => {
                let nest = Nest {
                    indices: lengths.len(),
                    gathers: vec![None; loads.len()],
                    loads,
                    store,
                    before: bind(before),
                    row: Some(Row { op: *row, over: over.clone() }),
                    after: bind(after),
                };
                vec![(Kernel::Nest(nest), self.call(operands, vec![result], lengths, None))]
            }
            Op::Concat { along } => {
                let axis = node.result().axis_of(*along).expect("checked by the spec");
                let mut start = 0;
                let mut calls = Vec::new();
                for (k, operand) in node.operands.iter().enumerate() {
                    let AxisRef::Index(own) = operand.axes[axis] else { unreachable!("checked by the spec") };
                    // Only the part's own index runs along the axis.
                    let (mut lengths, mut store) = (lengths.clone(), store.clone());
                    store[own] = store[*along];
                    for i in (0..lengths.len()).filter(|i| *i == *along || (!node.result().mentions(*i) && *i != own)) {
                        lengths[i] = Length::Fixed(1);
                        store[i] = 0;
                    }
                    let mut result = result.clone();
                    result.offset += start * store[own].unsigned_abs();
                    start += bound.extents[id][own];
                    let nest = Nest {
                        indices: lengths.len(),
                        loads: vec![loads[k].clone()],
                        gathers: vec![None],
                        store,
                        before: Expr::default(),
                        row: None,
                        after: Expr::load(0),
                    };
                    calls.push((Kernel::Nest(nest), self.call(vec![operands[k].clone()], vec![result], lengths, None)));
                }
                calls
            }
        }
    }
}

impl Site<'_> {
    /// One call for contractions that join (`join.rs`), this one and those after it.
    pub(super) fn contract(
        &self,
        joined: &[&Site<'_>],
        home: &dyn Fn(ValueId) -> Home,
        scratch: Option<SlotId>,
        onto: &Onto,
    ) -> (Kernel, Call) {
        let (bound, node) = (self.bound, &self.bound.graph.nodes[self.id]);
        let Op::Contract(first) = &node.op else { unreachable!("only contractions join") };
        let (mut operands, mut results) = (Vec::new(), Vec::new());
        let mut strides_of = |site: &Site<'_>, access: &Access| {
            let (place, strides) = site.place(access, &home(bound.roots[access.value]));
            operands.push(place);
            strides
        };
        let a = strides_of(self, &node.operands[0]);
        let [scale, offset] = first.affine().map(|k| k.map(|k| strides_of(self, &node.operands[k])));
        let norm = first.norm.map(|norm| RowNorm { epsilon: norm.epsilon, scale, offset });
        let mut parts = Vec::new();
        for site in joined {
            let own = &bound.graph.nodes[site.id];
            let Op::Contract(contraction) = &own.op else { unreachable!("only contractions join") };
            let sums = own.operands[1..=contraction.sums].iter().map(|o| strides_of(site, o)).collect();
            let loads = own.operands[contraction.loads()..].iter().map(|o| strides_of(site, o)).collect();
            let mut after = bind_sizes(&contraction.after, bound);
            for instr in &mut after.0 {
                if let Instr::Load(k) = instr {
                    *k -= contraction.loads();
                }
            }
            let (result, store) = site.place(own.result(), &home(bound.roots[own.result().value]));
            results.push(result);
            let accumulate = !matches!(onto, Onto::Nothing);
            parts.push(Part { sums, loads, after, store, accumulate });
        }
        let lengths = self.lengths();
        let contracted = (0..lengths.len()).filter(|&i| !node.result().mentions(i)).collect();
        let kernel = Contract { indices: lengths.len(), a, norm, contracted, parts };
        let mut call = self.call(operands, results, lengths, scratch);
        call.origin = together(joined.iter().map(|site| bound.graph.nodes[site.id].origin.as_str()));
        (Kernel::Contract(kernel), call)
    }
}

/// The names of operations as one: `block.linear_q + linear_k`, with the common prefix only once.
fn together<'a>(mut origins: impl Iterator<Item = &'a str>) -> String {
    let first = origins.next().unwrap_or_default();
    let own = |origin: &'a str| {
        let same = first.bytes().zip(origin.bytes()).take_while(|(a, b)| a == b).count();
        &origin[first[..same].rfind('.').map_or(0, |dot| dot + 1)..]
    };
    let rest = origins.map(|origin| format!(" + {}", own(origin)));
    [first.to_string()].into_iter().chain(rest).collect()
}

fn signed(strides: &[u64], format: Format) -> Strides {
    Strides { steps: strides.iter().map(|&s| s as i64).collect(), format }
}

/// A pointwise nest; an index that only a gathered operand has becomes that operand's gathered axis.
fn gathered_nest(
    bound: &Bound,
    id: NodeId,
    after: Expr,
    mut loads: Vec<Strides>,
    store: Strides,
    mut lengths: Vec<Length>,
) -> (Nest, Vec<Length>) {
    let node = &bound.graph.nodes[id];
    let mut gathers = vec![None; loads.len()];
    for i in (0..lengths.len()).filter(|&i| !node.result().mentions(i)) {
        for (k, load) in loads.iter_mut().enumerate().filter(|(k, _)| node.operands[*k].mentions(i)) {
            gathers[k] = Some(Gathered { stride: load[i], extent: bound.extents[id][i] });
            load[i] = 0;
        }
        lengths[i] = Length::Fixed(1);
    }
    (Nest { indices: lengths.len(), loads, gathers, store, before: Expr::default(), row: None, after }, lengths)
}

/// Extents as constants.
fn bind_sizes(expr: &Expr, bound: &Bound) -> Expr {
    let bind = |instr: &Instr| match instr {
        Instr::Size(extent) => Instr::Const(extent.eval(&bound.sizes).expect("checked when bound") as f64),
        other => other.clone(),
    };
    Expr(expr.0.iter().map(bind).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_once_what_they_share() {
        let check = |origins: &[&str], expected: &str| assert_eq!(together(origins.iter().copied()), expected);
        check(&["row.mha.q.contract", "row.mha.k.contract"], "row.mha.q.contract + k.contract");
        check(&["row.linear_a", "row.linear_b", "row.pair.c"], "row.linear_a + linear_b + pair.c");
        check(&["row.a", "col.a"], "row.a + col.a");
        check(&["a"], "a");
    }
}
